//! Error messages for options that have a new name.

/// The error message for `--tier LEVEL`, the former name of `--isolation`.
pub fn tier(level: &str) -> String {
    let new = match level {
        "strong" => "namespaces",
        "uid-drop" => "other-user",
        "landlock" => "landlock",
        "plain" => "none",
        _ => return "--tier is now --isolation: namespaces, other-user, landlock, none".to_owned(),
    };
    format!("--tier is now --isolation; for {level:?} say --isolation {new}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_former_level_is_answered_with_its_new_name() {
        let answer = r#"--tier is now --isolation; for "strong" say --isolation namespaces"#;
        assert_eq!(tier("strong"), answer);
        assert!(tier("uid-drop").ends_with("--isolation other-user"));
        assert!(tier("landlock").ends_with("--isolation landlock"));
        assert!(tier("plain").ends_with("--isolation none"));
        assert!(tier("sky").ends_with("namespaces, other-user, landlock, none"));
    }
}
