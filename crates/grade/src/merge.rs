//! `grade-merge`: merges the results of several shards.

use crate::model::Submission;
use crate::run::corrections::{self, CorrectionArgs, Corrections};
use crate::run::{self, OutputFolder};
use crate::store::{FILE, RunInfo, Store};
use anyhow::{Context, Result, bail};
use course::catalogue::Course;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use terminal::outcome::Outcome;
use terminal::paths;

/// The arguments of `grade-merge`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The result folders, one for each shard: the --out of each `grade --shard`
    #[arg(value_name = "FOLDER", required = true)]
    pub shards: Vec<PathBuf>,
    /// The folder for the merged results; earlier results of this class in the folder are replaced
    #[arg(long, value_name = "FOLDER", default_value = "grades")]
    pub out: PathBuf,
    /// The files that change the points.
    #[command(flatten)]
    pub corrections: CorrectionArgs,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask grade-merge shard-1 shard-2 shard-3 shard-4
  cargo xtask grade-merge shard-* --out grades/week4

Exit status: 0 merged; 2 wrong usage, or something could not be graded.";

/// Merges the results of all shards of a class. The merged results are the same as those of one
/// machine that graded the whole class.
///
/// # Errors
/// The shards are of different classes, lessons or versions; a shard is missing or not finished;
/// two results contradict one another; or the machine fails.
pub fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let shards =
        args.shards.iter().map(|folder| ShardResults::read(folder)).collect::<Result<Vec<_>>>()?;
    let run_info = common_run_info(&shards)?;
    check_complete(&shards)?;
    let all = merged(&shards)?;
    let students: Vec<_> = all.keys().copied().collect();
    let corrections = Corrections::open(&args.corrections, &course, &students)?;
    let out = OutputFolder::open(&args.out)?;
    let file = out.path().join(FILE);
    for folder in args.shards.iter().chain([&args.out]) {
        if let Ok(last) = Store::read(&folder.join(FILE)) {
            corrections::check_given(&args.corrections, &last)
                .with_context(|| folder.display().to_string())?;
        }
    }
    let mut store = Store::open(&file, &run_info, false)?;
    store.replace(&all.into_values().collect::<Vec<_>>())?;
    for folder in &args.shards {
        let sources = Store::read(&folder.join(FILE))?.sources()?;
        for own in sources.chunk_by(|a, b| a.student == b.student) {
            store.save_sources(&own[0].student, own)?;
        }
    }
    run::report(&store, &out, &corrections, &course)
}

/// The results of one shard.
struct ShardResults {
    /// The folder, for messages.
    shown: String,
    run_info: RunInfo,
    /// The names of the submissions that are not graded yet.
    waiting: Vec<String>,
    /// Each graded submission with its path.
    results: Vec<(String, Submission)>,
}

impl ShardResults {
    fn read(folder: &Path) -> Result<Self> {
        let store = Store::read(&folder.join(FILE))?;
        let paths: BTreeMap<String, String> = store.list()?.into_iter().collect();
        let path = |it: &Submission| paths.get(&it.student).cloned().unwrap_or_default();
        let results = store.submissions()?.into_iter().map(|it| (path(&it), it)).collect();
        let shown = folder.display().to_string();
        Ok(Self { shown, run_info: store.run_info()?, waiting: store.waiting()?, results })
    }
}

/// The run info of the whole class.
///
/// # Errors
/// The shards differ in something other than their part of the class.
fn common_run_info(shards: &[ShardResults]) -> Result<RunInfo> {
    let first = &shards[0];
    for shard in &shards[1..] {
        let (a, b) = (&first.run_info, &shard.run_info);
        let differs = match () {
            () if a.name != b.name => format!("classes: {} and {}", a.name, b.name),
            () if a.lessons != b.lessons => {
                let changed =
                    "; the class changed between the runs: grade both again, with --again";
                let step = if a.named || b.named { "" } else { changed };
                format!("lessons: {} and {}{step}", a.lesson_ids(), b.lesson_ids())
            }
            () if a.named != b.named => {
                "choices of lessons: give both --lesson, or neither".to_owned()
            }
            () if a.course != b.course => "versions of the course".to_owned(),
            () if a.isolation != b.isolation => {
                format!("isolation levels: {} and {}", a.isolation, b.isolation)
            }
            () if a.roster != b.roster => "submissions: a name is in only one of them".to_owned(),
            () => continue,
        };
        bail!("{} and {} are of different {differs}", first.shown, shard.shown);
    }
    // The same class may have different paths on different machines. The merged results have the
    // path that is first in alphabetical order.
    let folder = shards.iter().map(|shard| &shard.run_info.folder).min();
    let folder = folder.unwrap_or(&first.run_info.folder).clone();
    Ok(RunInfo { folder, shard: None, ..first.run_info.clone() })
}

/// Checks that every shard is present and finished.
///
/// # Errors
/// A shard is missing, is not finished, or belongs to another division of the class.
fn check_complete(shards: &[ShardResults]) -> Result<()> {
    let mut present = BTreeSet::new();
    let mut of = None;
    for results in shards {
        let Some(shard) = results.run_info.shard else {
            bail!("{} holds the whole class, not a shard of it", results.shown);
        };
        let parts = *of.get_or_insert(shard.of());
        if parts != shard.of() {
            bail!("{} is shard {shard}, but another folder is one of {parts} parts", results.shown);
        }
        present.insert(shard.part());
    }
    let of = of.unwrap_or(0);
    let missing: Vec<_> = (1..=of).filter(|part| !present.contains(part)).collect();
    if let [first, ..] = missing.as_slice() {
        let names: Vec<_> = missing.iter().take(20).map(|part| format!("{part}/{of}")).collect();
        let more = if missing.len() > 20 { " …" } else { "" };
        let names = names.join(", ");
        bail!("missing: shard {names}{more}; grade it with --shard {first}/{of}");
    }
    match shards.iter().find(|shard| !shard.waiting.is_empty()) {
        Some(shard) => bail!(
            "{} is not finished: {} of its submissions wait; give its command again",
            shard.shown,
            shard.waiting.len()
        ),
        None => Ok(()),
    }
}

/// All results with their paths, by student.
///
/// # Errors
/// Two shards have different results for one student.
fn merged(shards: &[ShardResults]) -> Result<BTreeMap<&str, (&str, &Submission)>> {
    let mut all: BTreeMap<&str, (&ShardResults, &str, &Submission)> = BTreeMap::new();
    for shard in shards {
        for (path, submission) in &shard.results {
            let known = all.insert(&submission.student, (shard, path, submission));
            if let Some((other, _, result)) = known.filter(|(_, _, result)| *result != submission) {
                bail!(
                    "{} and {} have different results for {}; omit one of these folders",
                    other.shown,
                    shard.shown,
                    result.student
                );
            }
        }
    }
    Ok(all.into_iter().map(|(name, (_, path, submission))| (name, (path, submission))).collect())
}
