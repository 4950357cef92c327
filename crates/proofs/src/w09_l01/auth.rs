//! The criterion of a store with a password.

use super::diagnosis;
use super::draws::Draws;
use super::resp::{Reply, bulk, error, ok, simple};
use super::resp_client::{Received, RespClient};
use super::store_run::StoreRun;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};

/// With REQUIREPASS: before AUTH, every command but AUTH, HELLO and QUIT is answered with NOAUTH. A
/// wrong password is answered with WRONGPASS. After the right password, commands are served. Other
/// connections stay locked.
pub(super) fn auth(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut draws = Draws::new(context, "auth");
    let password = format!("{}-{}", draws.word(), draws.number(10..=99));
    let mut store = StoreRun::start_with(context, Some(&password))?;
    let [key, value] = draws.words();
    let (mut client, mut other) = (store.connect()?, store.connect()?);

    // Check before AUTH, and after wrong passwords.
    let all = every_command(&mut draws, &key);
    expect_locked(&mut store, &mut client, &all).map_err(diagnosis::if_answered("noauth"))?;
    for wrong in wrong_passwords(&mut draws, &password) {
        let names_user = wrong.split(' ').count() == 3;
        store.expect_replies(&mut client, [(wrong, error("WRONGPASS"))]).map_err(|error| {
            if names_user { diagnosis::if_answered("auth-with-user")(error) } else { error }
        })?;
    }
    expect_locked(&mut store, &mut client, &all)
        .map_err(diagnosis::if_answered("wrongpass-unlocks"))?;

    // Check after the right password.
    let served = [
        (format!("GET {key}"), Reply::Nil),
        (format!("SET {key} {value}"), ok()),
        (format!("GET {key}"), bulk(&value)),
        ("PING".to_owned(), simple("PONG")),
    ];
    store.expect_replies(&mut client, [(format!("AUTH {password}"), ok())])?;
    store.expect_replies(&mut client, served)?;

    // Another connection needs its own AUTH, and so does a client that comes after a client that
    // has left.
    expect_locked(&mut store, &mut other, &all).map_err(diagnosis::if_answered("auth-for-all"))?;
    store.leave(&client)?;
    let mut next = store.connect()?;
    expect_locked(&mut store, &mut next, &all).map_err(diagnosis::if_answered("session-reused"))?;

    // The user may be named. A wrong password does not lock a connection again.
    let by_user =
        [(format!("AUTH default {password}"), ok()), (format!("GET {key}"), bulk(&value))];
    store.expect_replies(&mut other, by_user).map_err(diagnosis::if_answered("auth-with-user"))?;
    let guess =
        [(format!("AUTH {value}"), error("WRONGPASS")), (format!("GET {key}"), bulk(&value))];
    store.expect_replies(&mut other, guess)?;
    quit(&mut store, &mut next)?;
    ignored_after_quit(&mut store, &mut other, &mut draws)
}

/// Every command of the lesson that needs AUTH, with the right number of arguments. EXEC is not
/// among them: Redis refuses it with EXECABORT, and names NOAUTH only as the reason.
fn every_command(draws: &mut Draws, key: &str) -> Vec<String> {
    let mut lines = vec![
        "PING".to_owned(),
        format!("ECHO {key}"),
        format!("GET {key}"),
        format!("SET {key} 1"),
        format!("DEL {key}"),
        format!("EXISTS {key}"),
        format!("INCR {key}"),
        format!("APPEND {key} 1"),
        format!("MGET {key}"),
        format!("MSET {key} 1"),
        "KEYS *".to_owned(),
        "DBSIZE".to_owned(),
        "FLUSHDB".to_owned(),
        format!("EXPIRE {key} 100"),
        format!("PEXPIRE {key} 100000"),
        format!("TTL {key}"),
        format!("PTTL {key}"),
        format!("PERSIST {key}"),
        "MULTI".to_owned(),
        "DISCARD".to_owned(),
        format!("WATCH {key}"),
        "UNWATCH".to_owned(),
    ];
    draws.shuffle(&mut lines);
    lines
}

/// The client sends these commands, and each of them is answered with NOAUTH.
fn expect_locked(
    store: &mut StoreRun,
    client: &mut RespClient,
    lines: &[String],
) -> Result<(), CheckError> {
    let from = store.run.step_count();
    store.expect_replies(client, lines.iter().map(|line| (line, error("NOAUTH"))))?;
    let text = format!("{} sent {} commands, all answered -NOAUTH", client.name(), lines.len());
    store.run.merge_steps(from, text);
    Ok(())
}

/// Passwords that are nearly right, and a user that does not exist.
fn wrong_passwords(draws: &mut Draws, password: &str) -> Vec<String> {
    let (start, word) = (&password[..password.len() - 1], draws.word());
    let mut lines = vec![
        format!("AUTH {word}"),
        format!("AUTH {start}"),
        format!("AUTH {password}{}", draws.letters(1)),
        format!("AUTH {password}\0{}", draws.letters(1)),
        format!("AUTH {}", password.to_uppercase()),
        format!("AUTH default {start}"),
        format!("AUTH {word} {password}"),
    ];
    draws.shuffle(&mut lines);
    lines
}

/// A client may send QUIT before AUTH: the server replies with OK, and closes the connection.
fn quit(store: &mut StoreRun, client: &mut RespClient) -> Result<(), CheckError> {
    store.expect_replies(client, [("QUIT", ok())])?;
    let (observed, wait_error) = match store.wait_received(client) {
        Ok(Received::Closed) => return Ok(()),
        Ok(Received::Reply(reply)) => (reply.to_string(), None),
        Ok(Received::Malformed(_)) => (client.inbox_text(), None),
        Err(wait_error) => (wait_error.to_string(), Some(wait_error)),
    };
    let failure = Failure {
        id: "not-closed",
        mistake: None,
        summary: format!(
            "{} sent QUIT, and the server did not close the connection.",
            client.name()
        ),
        expected: "an end of file".to_owned(),
        observed,
    };
    Err(store.run.fail_after(wait_error, failure))
}

/// A client sends QUIT and SET in one write. The server must not answer SET.
fn ignored_after_quit(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let key = draws.word();
    let lines = [("QUIT".to_owned(), ok()), (format!("SET {key} 1"), ok())];
    store.send_pipeline(client, &lines)?;
    store.expect_answers(client, &lines[..1])?;
    if let Ok(Received::Reply(got)) = store.wait_received(client) {
        let summary = format!("{} sent QUIT and SET, and SET was answered.", client.name());
        let expected = "+OK to QUIT, and then an end of file".to_owned();
        let observed = format!("+OK, and then {got}");
        let failure =
            Failure { id: "served-after-quit", mistake: None, summary, expected, observed };
        return Err(store.run.fail_now(failure));
    }
    Ok(())
}
