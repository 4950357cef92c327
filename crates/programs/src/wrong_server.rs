//! Makes wrong servers: copies of a lesson's crate, each with a patch applied.

use crate::variants::{self, Sources, Variant, sources};
use anyhow::{Context, Result, anyhow, ensure};
use course::mistake::MistakePatch;
use diffy::patch_set::{FileOperation, FilePatch, ParseOptions, PatchSet};
use std::path::{Path, PathBuf};
use terminal::paths;

/// A patch that turns the solution into a wrong server.
pub struct WrongServer<'a> {
    /// The mistake's id, e.g. `forgot-close`.
    pub id: &'a str,
    /// The path of the patch file, for error messages.
    pub path: &'a Path,
    /// A unified diff against the lesson's folder.
    pub diff: &'a str,
}

impl<'a> From<&'a MistakePatch> for WrongServer<'a> {
    fn from(patch: &'a MistakePatch) -> Self {
        Self { id: &patch.id, path: &patch.path, diff: &patch.diff }
    }
}

/// Builds the wrong servers of the lesson crate in `folder`. Returns the paths of the built
/// programs, in the order of `wrong_servers`.
///
/// # Errors
/// A patch does not apply, or a wrong server does not compile. In the second case, the error has
/// the compiler's messages.
pub fn build(
    lesson: &str,
    folder: &Path,
    wrong_servers: &[WrongServer<'_>],
) -> Result<Vec<PathBuf>> {
    let sources = sources(folder)?;
    let variant = |wrong: &WrongServer<'_>| {
        Ok(Variant { name: format!("{lesson}-{}", wrong.id), sources: patched(&sources, wrong)? })
    };
    let variants: Vec<_> = wrong_servers.iter().map(variant).collect::<Result<_>>()?;
    let built = variants::build(&paths::target().join("mistakes").join(lesson), folder, &variants)?;
    built.all().map_err(|errors| anyhow!("{lesson}: a wrong server does not compile:\n{errors}"))
}

/// `sources` with a wrong server's patch applied.
///
/// # Errors
/// The patch does not apply. The error names the patch, and the file that the patch should change.
pub fn patched(sources: &Sources, wrong: &WrongServer<'_>) -> Result<Sources> {
    let place = wrong.path.display();
    let mut files = sources.clone();
    let mut changed = 0;
    for part in PatchSet::parse(wrong.diff, ParseOptions::unidiff()) {
        let part = part.map_err(|error| anyhow!("{place}: not a unified diff: {error}"))?;
        let name = changed_file(&part).with_context(|| {
            format!("{place}: a mistake's diff changes files; it cannot add or remove a file")
        })?;
        let text = files
            .get_mut(Path::new(&name))
            .with_context(|| format!("{place}: {name} is not a file of this lesson"))?;
        let patch = part.patch().as_text().with_context(|| format!("{place}: a binary diff"))?;
        *text = diffy::apply(text, patch).map_err(|error| {
            anyhow!("{place}: {error} in {name}; create the patch again from the current file")
        })?;
        changed += 1;
    }
    ensure!(changed > 0, "{place}: the diff changes nothing; begin it with `--- a/solution/…`");
    Ok(files)
}

/// The file that one part of a diff changes, without the leading `a/`.
fn changed_file(part: &FilePatch<'_, str>) -> Option<String> {
    match part.operation().strip_prefix(1) {
        FileOperation::Modify { original, .. } => Some(original.into_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFF: &str = "\
--- a/solution/a.rs
+++ b/solution/a.rs
@@ -1,2 +1,2 @@
 fn a() {
-    right()
+    wrong()
";

    fn apply(text: &str, diff: &str) -> Result<String> {
        let sources = Sources::from([("solution/a.rs".into(), text.to_owned())]);
        let wrong = WrongServer { id: "x", path: Path::new("mistakes/x.patch"), diff };
        patched(&sources, &wrong).map(|mut files| files.remove(Path::new("solution/a.rs")).unwrap())
    }

    #[test]
    fn a_patch_changes_its_file() {
        assert_eq!(
            apply("fn a() {\n    right()\n}\n", DIFF).unwrap(),
            "fn a() {\n    wrong()\n}\n"
        );
    }

    #[test]
    fn the_error_of_a_patch_names_its_file() {
        for (text, diff) in [
            ("fn b() {}\n", DIFF),
            ("", ""),
            ("", "@@ -1 +1 @@"),
            ("", &DIFF.replace("a.rs", "b.rs")),
        ] {
            let error = apply(text, diff).unwrap_err().to_string();
            assert!(error.starts_with("mistakes/x.patch: "), "{error}");
        }
    }
}
