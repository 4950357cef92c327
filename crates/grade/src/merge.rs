//! Join the results of several shards.

use crate::model::Submission;
use crate::rubric::Rubric;
use crate::run::{self, OutputFolder};
use crate::store::{FILE, RunInfo, Store};
use anyhow::{Result, bail};
use course::catalogue::Course;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use xtask::outcome::Outcome;
use xtask::place;

/// What `grade-merge` is told.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The folders of results, one a shard: the --out of each `grade --shard`
    #[arg(value_name = "FOLDER", required = true)]
    pub shards: Vec<PathBuf>,
    /// The folder for the results of all; what it holds of this class is replaced
    #[arg(long, value_name = "FOLDER", default_value = "grades")]
    pub out: PathBuf,
    /// What the criteria are worth; a point each, or what the lessons say, unless said
    #[arg(long, value_name = "FILE")]
    pub rubric: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask grade-merge shard-1 shard-2 shard-3 shard-4
  cargo xtask grade-merge shard-* --out grades/week4

Exit status: 0 joined; 2 misuse, or something could not be graded.";

/// Joins the results of all shards of a class: what comes out is what one machine would have found.
///
/// # Errors
/// Shards of different classes, lessons or versions; shards that are missing or not finished; results
/// that contradict one another; and faults of the machine.
pub fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(place::root())?;
    let rubric = Rubric::open(args.rubric.as_deref(), &course)?;
    let parts = args.shards.iter().map(|folder| Part::read(folder)).collect::<Result<Vec<_>>>()?;
    let run_info = agreed(&parts)?;
    complete(&parts)?;
    let all = joined(&parts)?;
    let out = OutputFolder::open(&args.out)?;
    let mut store = Store::open(&out.path().join(FILE), &run_info, false)?;
    store.replace(&all.into_values().collect::<Vec<_>>())?;
    run::report(&store, &out, &rubric)
}

/// The results of one shard.
struct Part {
    shown: String,
    run_info: RunInfo,
    waiting: Vec<String>,
    results: Vec<(String, Submission)>,
}

impl Part {
    fn read(folder: &Path) -> Result<Self> {
        let store = Store::read(&folder.join(FILE))?;
        let paths: BTreeMap<String, String> = store.list()?.into_iter().collect();
        let path = |it: &Submission| paths.get(&it.student).cloned().unwrap_or_default();
        let results = store.submissions()?.into_iter().map(|it| (path(&it), it)).collect();
        let shown = folder.display().to_string();
        Ok(Self { shown, run_info: store.run_info()?, waiting: store.waiting()?, results })
    }
}

/// What all parts are run_info, joined.
fn agreed(parts: &[Part]) -> Result<RunInfo> {
    let first = &parts[0];
    for part in &parts[1..] {
        let (a, b) = (&first.run_info, &part.run_info);
        let differs = match () {
            () if a.name != b.name => format!("classes: {} and {}", a.name, b.name),
            () if a.lessons != b.lessons => {
                let changed =
                    "; the class has changed between: give their commands again, with --again";
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
            () if a.roster != b.roster => "submissions: a name is in one folder alone".to_owned(),
            () => continue,
        };
        bail!("{} and {} are of different {differs}", first.shown, part.shown);
    }
    // Machines may know the same submissions by different paths.
    let folder = parts.iter().map(|part| &part.run_info.folder).min();
    let folder = folder.unwrap_or(&first.run_info.folder).clone();
    Ok(RunInfo { folder, shard: None, ..first.run_info.clone() })
}

/// Whether every part is there, and finished.
fn complete(parts: &[Part]) -> Result<()> {
    let mut held = BTreeMap::new();
    let mut of = None;
    for part in parts {
        let Some(shard) = part.run_info.shard else {
            bail!("{} holds the whole class, not a shard of it", part.shown);
        };
        let parts = *of.get_or_insert(shard.of());
        if parts != shard.of() {
            bail!("{} is shard {shard}, of another division into {parts} parts", part.shown);
        }
        held.insert(shard.part(), part);
    }
    let of = of.unwrap_or(0);
    let missing: Vec<_> = (1..=of).filter(|part| !held.contains_key(part)).collect();
    if let [first, ..] = missing.as_slice() {
        let names: Vec<_> = missing.iter().take(20).map(|part| format!("{part}/{of}")).collect();
        let more = if missing.len() > 20 { " …" } else { "" };
        let names = names.join(", ");
        bail!("missing: shard {names}{more}; grade it with --shard {first}/{of}");
    }
    match parts.iter().find(|part| !part.waiting.is_empty()) {
        Some(part) => bail!(
            "{} is not finished: {} of its submissions wait; give its command again",
            part.shown,
            part.waiting.len()
        ),
        None => Ok(()),
    }
}

/// Everyone's results, by name, with their paths.
fn joined(parts: &[Part]) -> Result<BTreeMap<&str, (&str, &Submission)>> {
    let mut all: BTreeMap<&str, (&Part, &str, &Submission)> = BTreeMap::new();
    for part in parts {
        for (path, submission) in &part.results {
            let known = all.insert(&submission.student, (part, path, submission));
            if let Some((other, _, result)) = known.filter(|(_, _, result)| *result != submission) {
                bail!(
                    "{} and {} have different results for {}; leave one of them out",
                    other.shown,
                    part.shown,
                    result.student
                );
            }
        }
    }
    Ok(all.into_iter().map(|(name, (_, path, submission))| (name, (path, submission))).collect())
}
