//! The environment variables of a program.

use crate::error::{LaunchError, c_string};
use crate::init::CStringArray;
use crate::root_layout::WORK_DIR;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// An environment, as execve(2) takes it.
pub(super) fn c_strings(
    variables: &BTreeMap<OsString, OsString>,
) -> Result<CStringArray, LaunchError> {
    let mut strings = Vec::new();
    for (name, value) in variables {
        strings.push(c_string(&[name.as_bytes(), b"=", value.as_bytes()].concat())?);
    }
    Ok(CStringArray::new(strings))
}

/// The environment of an untrusted program. It contains no variable of this process.
pub(super) fn minimal_environment(home: &Path) -> BTreeMap<OsString, OsString> {
    const FIXED: [(&str, &str); 3] =
        [("PATH", "/usr/local/bin:/usr/bin:/bin"), ("LANG", "C.UTF-8"), ("TERM", "dumb")];
    let fixed = FIXED.map(|(name, value)| (name.into(), value.into()));
    let mut all: BTreeMap<OsString, OsString> = fixed.into();
    all.insert("HOME".into(), home.into());
    if home != Path::new(WORK_DIR) {
        all.insert("TMPDIR".into(), home.into()); // the program may write in no other folder
    }
    all
}
