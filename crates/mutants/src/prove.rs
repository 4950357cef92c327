//! Builds mutants, and proves them in parallel.

use crate::mutant::Mutant;
use crate::progress::Progress;
use crate::results::{Finding, MutantResult, Results};
use anyhow::{Result, bail};
use course::lesson::Lesson;
use course::report::Status;
use programs::build;
use programs::lesson_check::LessonCheck;
use programs::variants::{self, Sources, Variant};
use proofs::{ProgramUnderTest, SandboxPolicy};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use terminal::{interrupt, paths};

/// The number of mutants that one run of cargo builds. Each batch is built into the same packages, so
/// the programs do not fill the disk.
const BATCH: usize = 24;

/// The time-out of one criterion. It is the same as when students prove their own servers.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Proves the mutants of one lesson.
pub(crate) struct Prover<'a> {
    /// The lesson's criteria.
    pub(crate) check: LessonCheck<'a>,
    /// The sources of the lesson's solution.
    pub(crate) solution: &'a Sources,
    /// The folder of the workspace in which the mutants are built.
    pub(crate) workspace: PathBuf,
    /// The number of mutants that are proved at the same time.
    pub(crate) jobs: usize,
    /// A proof that takes longer is repeated alone, because other proofs may have slowed it down.
    pub(crate) limit: Duration,
}

impl Prover<'_> {
    /// Checks that the solution itself is proved. Otherwise the proof would catch every mutant.
    ///
    /// # Errors
    /// The solution is not proved, or cannot be built.
    pub(crate) fn check_solution(&self) -> Result<()> {
        let id = &self.check.lesson.id;
        let programs = match build::lesson(&self.folder(), true, false)?.result {
            Ok(programs) => programs,
            Err(errors) => bail!("the solution of {id} does not compile:\n{errors}"),
        };
        for program in programs {
            let why = match self.prove(&program.path)?.0 {
                Finding::Survived => continue,
                Finding::Caught { by } => format!("criterion {by} has failed"),
                Finding::Inconclusive { why } => why,
                Finding::NotBuilt => "it was not built".to_owned(),
            };
            bail!(
                "the solution of {id} is not proved ({why}); see `cargo xtask prove {id} --solution`"
            );
        }
        Ok(())
    }

    /// Proves `mutants`, and adds each result as soon as it is known. Ends early after Ctrl-C.
    ///
    /// # Errors
    /// Cargo cannot run, a file cannot be written, or the machine has a fault.
    pub(crate) fn prove_all(
        &self,
        mutants: &[&Mutant],
        results: &mut Results,
        progress: &Progress,
    ) -> Result<()> {
        for batch in mutants.chunks(BATCH) {
            progress.building(batch.len());
            let built = self.build(batch);
            // After Ctrl-C, cargo has not built everything.
            if interrupt::requested() {
                return Ok(());
            }
            let mut programs = Vec::new();
            for (mutant, program) in batch.iter().zip(built?) {
                match program {
                    Some(program) => programs.push((*mutant, program)),
                    None => {
                        let finding = Finding::NotBuilt;
                        results.add(MutantResult {
                            id: mutant.id.clone(),
                            finding,
                            millis: 0.0,
                        })?;
                        progress.done(mutant, &Finding::NotBuilt);
                    }
                }
            }
            self.prove_batch(&programs, results, progress)?;
        }
        Ok(())
    }

    /// Builds one mutant for `--show`, in a package of its own.
    ///
    /// # Errors
    /// The mutant does not compile, or cargo cannot run. The error has the compiler's messages.
    pub(crate) fn build_one(&self, mutant: &Mutant) -> Result<PathBuf> {
        let name = format!("{}-{}", self.check.lesson.id, mutant.id);
        let variant = Variant { name, sources: mutant.sources(self.solution) };
        let built = variants::build(&self.workspace, &self.folder(), &[variant])?;
        match built.all() {
            Ok(mut programs) if programs.len() == 1 => Ok(programs.remove(0)),
            Ok(_) => bail!("cargo built no program for {}", mutant.id),
            Err(errors) => bail!("the mutant does not compile:\n{errors}"),
        }
    }

    fn build(&self, batch: &[&Mutant]) -> Result<Vec<Option<PathBuf>>> {
        let id = &self.check.lesson.id;
        let variant = |(index, mutant): (usize, &&Mutant)| Variant {
            name: format!("{id}-mutant-{index}"),
            sources: mutant.sources(self.solution),
        };
        let variants: Vec<_> = batch.iter().enumerate().map(variant).collect();
        Ok(variants::build(&self.workspace, &self.folder(), &variants)?.programs)
    }

    fn prove_batch(
        &self,
        programs: &[(&Mutant, PathBuf)],
        results: &mut Results,
        progress: &Progress,
    ) -> Result<()> {
        let next = AtomicUsize::new(0);
        let (sender, arriving) = mpsc::channel();
        let mut again = Vec::new();
        thread::scope(|scope| -> Result<()> {
            for _ in 0..self.jobs.min(programs.len()) {
                let (sender, next) = (sender.clone(), &next);
                scope.spawn(move || {
                    while let Some((mutant, program)) =
                        programs.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        if interrupt::requested() {
                            return;
                        }
                        // The receiver is gone if an error has ended the run.
                        if sender.send((*mutant, program, self.prove(program))).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(sender);
            for (mutant, program, proved) in arriving {
                let (finding, elapsed) = proved?;
                if self.jobs > 1 && self.needs_another_run(&finding, elapsed) {
                    again.push((mutant, program));
                } else {
                    keep(mutant, finding, elapsed, results, progress)?;
                }
            }
            Ok(())
        })?;
        // Nothing else of this run uses the processors now.
        for (mutant, program) in again {
            if interrupt::requested() {
                break;
            }
            let (finding, elapsed) = self.prove(program)?;
            keep(mutant, finding, elapsed, results, progress)?;
        }
        Ok(())
    }

    fn needs_another_run(&self, finding: &Finding, elapsed: Duration) -> bool {
        elapsed > self.limit || matches!(finding, Finding::Inconclusive { .. })
    }

    /// Proves one program. Returns what the proof says, and the time that it took.
    fn prove(&self, program: &Path) -> Result<(Finding, Duration)> {
        // The program sees only the folder in which it was built.
        let directory = program.parent().unwrap_or(Path::new("/")).to_owned();
        let visible = vec![directory.clone()];
        let sandbox =
            SandboxPolicy { visible, limits: self.check.proof.limits(), ..Default::default() };
        let subject = ProgramUnderTest {
            command: vec![program.into()],
            directory,
            port: None,
            capacity: None,
            isolation: None,
            timeout: TIMEOUT,
            // A mutant may fork or allocate memory without end. The limits stop it.
            sandbox: Some(sandbox),
            workers: None,
            seed: None,
            budget: None,
            recording: None,
        };
        let start = Instant::now();
        let criteria = self.check.run(&subject, &mut |_| {})?;
        let first = |status| criteria.iter().find(|criterion| criterion.status == status);
        let finding = match (first(Status::Failed), first(Status::Inconclusive)) {
            (Some(failed), _) => Finding::Caught { by: failed.id.clone() },
            (None, Some(unknown)) => {
                let why = unknown.cause.as_ref().map_or("", |cause| &cause.summary);
                Finding::Inconclusive { why: format!("{}: {why}", unknown.id) }
            }
            (None, None) => Finding::Survived,
        };
        Ok((finding, start.elapsed()))
    }

    fn folder(&self) -> PathBuf {
        folder(self.check.lesson)
    }
}

/// The folder of a lesson's crate.
pub(crate) fn folder(lesson: &Lesson) -> PathBuf {
    paths::root().join(lesson.folder())
}

fn keep(
    mutant: &Mutant,
    finding: Finding,
    elapsed: Duration,
    results: &mut Results,
    progress: &Progress,
) -> Result<()> {
    progress.done(mutant, &finding);
    let millis = elapsed.as_secs_f64() * 1e3;
    results.add(MutantResult { id: mutant.id.clone(), finding, millis })
}
