//! Authentication: AUTH, and HELLO with its option AUTH.
#![allow(unused, reason = "tasks are still to do")]

use crate::args::Args;
use crate::command::Context;
use crate::error::Error;
use crate::reply::Version;
use crate::{admin, number};

/// `AUTH [username] password`: authenticates the client. The only user is `default`.
pub fn auth(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let (user, password) = match args.len() {
        2 => (&b"default"[..], &args[1]),
        3 => (&args[1], &args[2]),
        _ => return Err(Error::Syntax),
    };
    if args.len() == 2 && context.password.is_none() {
        return Err(Error::Other(
            "ERR AUTH <password> called without any password configured for the default user. \
             Are you sure your configuration is correct?",
        ));
    }
    authenticate(context, user, password)?;
    context.reply.ok();
    Ok(())
}

/// Marks the session as authenticated if the username and the password are correct.
///
/// # Errors
/// WRONGPASS if the username or the password is wrong.
fn authenticate(context: &mut Context<'_>, user: &[u8], password: &[u8]) -> Result<(), Error> {
    todo!("Task 7: mark the session as authenticated if user and password are right")
}

/// Whether the two passwords are equal. The duration of the comparison does not depend on the
/// position of the first difference.
fn constant_time_eq(expected: &[u8], given: &[u8]) -> bool {
    let differences = expected.iter().zip(given).fold(0, |sum, (a, b)| sum | (a ^ b));
    expected.len() == given.len() && differences == 0
}

/// `HELLO [2 | 3 [AUTH username password] [SETNAME name]]`: chooses the version of RESP, and
/// replies with a description of the server.
pub fn hello(context: &mut Context<'_>, args: Args<'_>) -> Result<(), Error> {
    let version = match args.get(1) {
        Some(version) => read_version(version)?,
        None => context.session.version,
    };
    let options = HelloOptions::read(args)?;
    if let Some((user, password)) = options.auth {
        authenticate(context, user, password)?;
    }
    if !context.session.authenticated {
        return Err(Error::Other(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the \
             HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and \
             select the RESP protocol version at the same time",
        ));
    }
    if let Some(name) = options.name {
        admin::set_name(context, name)?;
    }
    admin::set_version(context, version);
    admin::write_hello_reply(context);
    Ok(())
}

fn read_version(text: &[u8]) -> Result<Version, Error> {
    let problem = "ERR Protocol version is not an integer or out of range";
    match number::parse(text).ok_or(Error::Other(problem))? {
        2 => Ok(Version::Resp2),
        3 => Ok(Version::Resp3),
        _ => Err(Error::NoProtocol),
    }
}

#[derive(Default)]
struct HelloOptions<'a> {
    auth: Option<(&'a [u8], &'a [u8])>,
    name: Option<&'a [u8]>,
}

impl<'a> HelloOptions<'a> {
    fn read(args: Args<'a>) -> Result<HelloOptions<'a>, Error> {
        let mut options = HelloOptions::default();
        let mut index = 2;
        while let Some(option) = args.get(index) {
            match (args.get(index + 1), args.get(index + 2)) {
                (Some(user), Some(password)) if args.is(index, "AUTH") => {
                    options.auth = Some((user, password));
                    index += 3;
                }
                (Some(name), _) if args.is(index, "SETNAME") => {
                    options.name = Some(name);
                    index += 2;
                }
                _ => {
                    return Err(Error::with_input(
                        "ERR Syntax error in HELLO option '",
                        option,
                        "'",
                    ));
                }
            }
        }
        Ok(options)
    }
}
