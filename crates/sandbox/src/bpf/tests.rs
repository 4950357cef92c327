use super::*;

/// Interprets a filter program as the kernel does, and returns the program's result for a system
/// call. Only the instructions that this crate uses are known (bpf(4)).
fn run(program: &[sock_filter], architecture: u32, number: u32, arguments: [u32; 6]) -> u32 {
    let (mut accumulator, mut at) = (0, 0);
    loop {
        let now = program[at];
        at += 1;
        match u32::from(now.code) {
            code if code == libc::BPF_RET | libc::BPF_K => return now.k,
            code if code == libc::BPF_JMP | libc::BPF_JA => at += now.k as usize,
            code if code == libc::BPF_LD | libc::BPF_W | libc::BPF_ABS => {
                accumulator = match now.k {
                    NUMBER_AT => number,
                    ARCHITECTURE_AT => architecture,
                    offset => arguments[((offset - ARGUMENTS_AT) / 8) as usize],
                }
            }
            code if code == libc::BPF_ALU | libc::BPF_AND | libc::BPF_K => accumulator &= now.k,
            code => {
                let holds = match code & 0xf0 {
                    libc::BPF_JEQ => accumulator == now.k,
                    libc::BPF_JGE => accumulator >= now.k,
                    other => panic!("{other:#x}"),
                };
                at += usize::from(if holds { now.jt } else { now.jf });
            }
        }
    }
}

fn example() -> Vec<sock_filter> {
    let some = ArgTest { argument: 1, mask: 0xff, values: &[4, 22], is_one: true };
    let others = ArgTest { argument: 0, mask: u32::MAX, values: &[1, 2, 10], is_one: false };
    Filter::default()
        .on(&["mount", "no such call", "bpf", "accept"], None, Action::Refuse(1))
        .on(&["prctl"], Some(some), Action::Refuse(2))
        .on(&["socket"], Some(others), Action::Refuse(3))
        .on(&["socket"], None, Action::Notify)
        .program(Action::Kill)
}

fn action_for(call: Sysno, arguments: [u32; 6]) -> u32 {
    run(&example(), ARCHITECTURE, call.id() as u32, arguments)
}

const REFUSED: u32 = libc::SECCOMP_RET_ERRNO;

#[test]
fn each_call_is_answered_by_its_own_rule() {
    for (call, expected) in [
        (Sysno::mount, REFUSED | 1),
        (Sysno::bpf, REFUSED | 1),
        (Sysno::accept, REFUSED | 1),
        (Sysno::umount2, libc::SECCOMP_RET_ALLOW),
        (Sysno::read, libc::SECCOMP_RET_ALLOW),
        (Sysno::openat2, libc::SECCOMP_RET_ALLOW),
    ] {
        assert_eq!(action_for(call, [0; 6]), expected, "{call}");
    }
}

#[test]
fn a_condition_looks_at_its_argument_through_its_mask() {
    for (argument, expected) in
        [(4, REFUSED | 2), (22, REFUSED | 2), (0x104, REFUSED | 2), (5, libc::SECCOMP_RET_ALLOW)]
    {
        assert_eq!(action_for(Sysno::prctl, [0, argument, 0, 0, 0, 0]), expected, "{argument}");
    }
}

#[test]
fn the_first_rule_that_holds_decides() {
    for (family, expected) in
        [(1, libc::SECCOMP_RET_USER_NOTIF), (10, libc::SECCOMP_RET_USER_NOTIF), (16, REFUSED | 3)]
    {
        assert_eq!(action_for(Sysno::socket, [family, 0, 0, 0, 0, 0]), expected, "{family}");
    }
}

#[test]
fn a_call_of_another_architecture_is_killed() {
    let action_of = |architecture, number| run(&example(), architecture, number, [0; 6]);
    assert_eq!(action_of(0x4000_0003, 4), libc::SECCOMP_RET_KILL_PROCESS);
    #[cfg(target_arch = "x86_64")]
    assert_eq!(action_of(ARCHITECTURE, X32 | 1), libc::SECCOMP_RET_KILL_PROCESS);
}
