//! Manifests for workspaces below `target/`. These workspaces inherit the course's settings and
//! dependencies.

use anyhow::{Context, Result};
use std::path::Path;
use toml_edit::{Array, DocumentMut, Item, TableLike, value};

// <staff>
/// A lesson's manifest, changed for a copy of the lesson's crate. The copy has another name, and
/// has only a library and a program. The paths of its dependencies are absolute.
///
/// # Errors
/// The manifest is not valid TOML.
pub(crate) fn member(text: &str, name: &str, folder: &Path) -> Result<String> {
    let mut manifest: DocumentMut =
        text.parse().with_context(|| format!("{}/Cargo.toml", folder.display()))?;
    manifest["package"]["name"] = value(name);
    for unused in ["test", "bench", "example", "dev-dependencies"] {
        manifest.remove(unused);
    }
    if let Some(bins) = manifest.get_mut("bin").and_then(Item::as_array_of_tables_mut) {
        bins.iter_mut().for_each(|bin| bin["name"] = value(name));
    }
    absolute_paths(manifest.get_mut("dependencies"), folder);
    Ok(manifest.to_string())
}
// </staff>

/// The course's workspace manifest with other members. These members inherit the same settings as
/// the course's own members.
///
/// # Errors
/// The manifest is not valid TOML, or has no `[workspace]`.
pub(crate) fn workspace(text: &str, root: &Path, members: &[String]) -> Result<String> {
    let mut manifest: DocumentMut = text.parse().context("the course's Cargo.toml")?;
    let kept = ["workspace", "profile", "patch"];
    let rest: Vec<_> = manifest.iter().map(|(key, _)| key.to_owned()).collect();
    for key in rest.iter().filter(|key| !kept.contains(&key.as_str())) {
        manifest.remove(key);
    }
    let workspace =
        manifest["workspace"].as_table_like_mut().context("Cargo.toml has no [workspace]")?;
    workspace.insert("members", value(members.iter().collect::<Array>()));
    workspace.remove("exclude");
    workspace.remove("default-members");
    absolute_paths(workspace.get_mut("dependencies"), root);
    Ok(manifest.to_string())
}

fn absolute_paths(dependencies: Option<&mut Item>, base: &Path) {
    let Some(dependencies) = dependencies.and_then(Item::as_table_like_mut) else {
        return;
    };
    for (_, dependency) in dependencies.iter_mut() {
        let Some(dependency) = dependency.as_table_like_mut() else {
            continue;
        };
        if let Some(path) = dependency_path(dependency) {
            let path = base.join(path).to_string_lossy().into_owned();
            dependency.insert("path", value(path));
        }
    }
}

fn dependency_path(dependency: &dyn TableLike) -> Option<String> {
    dependency.get("path")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    // <staff>
    #[test]
    fn a_copy_has_its_own_name_and_absolute_paths() {
        let text = "\
            [package]\n\
            name = \"l\"\n\
            [[bin]]\n\
            name = \"l\"\n\
            path = \"src/main.rs\"\n\
            [[test]]\n\
            name = \"t\"\n\
            [dependencies]\n\
            up = { path = \"../up\" }\n\
            [dev-dependencies]\n\
            x = \"1\"\n\
            ";
        let manifest = member(text, "l-wrong", Path::new("/c/l")).unwrap();
        let expected = "\
            [package]\n\
            name = \"l-wrong\"\n\
            [[bin]]\n\
            name = \"l-wrong\"\n\
            path = \"src/main.rs\"\n\
            [dependencies]\n\
            up = { path = \"/c/l/../up\" }\n\
            ";
        assert_eq!(manifest, expected);
    }
    // </staff>

    #[test]
    fn a_workspace_keeps_the_courses_settings() {
        let text = "\
            [workspace]\n\
            members = [\"a/*\"]\n\
            resolver = \"3\"\n\
            [workspace.dependencies]\n\
            h = { path = \"crates/h\" }\n\
            [profile.dev]\n\
            debug = 0\n\
            ";
        let manifest = workspace(text, Path::new("/c"), &["members/m-1".to_owned()]).unwrap();
        let expected = "\
            [workspace]\n\
            members = [\"members/m-1\"]\n\
            resolver = \"3\"\n\
            [workspace.dependencies]\n\
            h = { path = \"/c/crates/h\" }\n\
            [profile.dev]\n\
            debug = 0\n\
            ";
        assert_eq!(manifest, expected);
    }
}
