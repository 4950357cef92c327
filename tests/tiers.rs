//! How far apart servers are kept: by name, and where the machine refuses it.
//!
//! `tests/support/container.c` refuses what Docker's defaults refuse.

mod support;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use proofs::Tier;
use std::path::Path;
use support::nobody::xtask_as_nobody;
use support::processes::free_port;
use support::programs::{Bench, line};
use support::{assert_says, complained, said, tamed};

const SERVER: &str = "linear_scan.c";

/// What `cargo xtask` says in a container; `refused` is what that refuses beside namespaces.
fn in_container(bench: &Bench, refused: &[&str], arguments: &[&str]) -> Assert {
    let container = bench.compiled("../support/container.c");
    let words = refused.iter().flat_map(|call| ["refuse", call]);
    let mut command = tamed(Command::new(container));
    command.args(words).arg(env!("CARGO_BIN_EXE_xtask")).args(arguments).assert()
}

/// The words of a proof of `program` on a port of its own.
fn proof<'a>(program: &'a str, port: &'a str, tier: &'a str) -> [&'a str; 8] {
    ["prove", "w03-l02", "--cmd", program, "--port", port, "--tier", tier]
}

fn server(bench: &Bench) -> String {
    line([bench.compiled(SERVER).as_path() as &Path])
}

#[test]
fn a_right_server_is_proved_on_every_tier() {
    let bench = Bench::new();
    let (server, port) = (server(&bench), free_port().to_string());
    for tier in Tier::ALL.into_iter().filter(|tier| tier.refusal().is_none()) {
        let tier = tier.to_string();
        let mut command = tamed(Command::new(env!("CARGO_BIN_EXE_xtask")));
        let proved = command.args(proof(&server, &port, &tier)).assert().code(0);
        assert_says(&said(&proved), &[&format!("· {tier}"), "proved · 10 of 10 ·"]);
    }
}

#[test]
fn a_right_server_is_proved_in_a_container() {
    let bench = Bench::new();
    let (server, port) = (server(&bench), free_port().to_string());
    for refused in [&["landlock"][..], &[]] {
        for tier in Tier::ALL.into_iter().filter(|tier| tier.refusal().is_none()) {
            if tier == Tier::Strong || tier == Tier::Landlock && !refused.is_empty() {
                continue;
            }
            let tier = tier.to_string();
            let proved = in_container(&bench, refused, &proof(&server, &port, &tier)).code(0);
            assert_says(&said(&proved), &[&format!("· {tier}"), "proved · 10 of 10 ·"]);
        }
    }
}

#[test]
fn a_refused_box_says_what_to_do() {
    let bench = Bench::new();
    let (server, port) = (server(&bench), free_port().to_string());
    let asked = |refused: &[&str], tier| {
        let told = in_container(&bench, refused, &proof(&server, &port, tier)).code(2);
        complained(&told)
    };
    let strong = asked(&[], "strong");
    assert_says(&strong, &["--tier strong is not possible here", "clone(2)", "seccomp=unconfined"]);
    let landlock = asked(&["landlock"], "landlock");
    assert_says(&landlock, &["--tier landlock is not possible here", "Linux 5.13", "--tier plain"]);
}

#[test]
fn an_ordinary_user_cannot_have_a_user_of_its_own() {
    let arguments = ["prove", "w03-l02", "--cmd", "true", "--tier", "uid-drop"];
    let Some(told) = xtask_as_nobody(&arguments) else { return };
    let told = complained(&told.code(2));
    assert_says(&told, &["--tier uid-drop is not possible here", "run this as root"]);
}

#[test]
fn the_best_tier_of_a_container_is_found() {
    let bench = Bench::new();
    let server = server(&bench);
    let port = free_port().to_string();
    let arguments = ["prove", "w03-l02", "--cmd", &server, "--port", &port, "--only", "starts"];
    let plain = in_container(&bench, &["landlock"], &arguments).code(0);
    assert_says(&said(&plain), &["· plain", "proved · 1 of 1 ·"]);
}
