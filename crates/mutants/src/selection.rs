//! The mutants that a run looks at.

use crate::mutant::Mutant;
use anyhow::{Result, bail};

/// The mutants with these ids.
///
/// # Errors
/// An id is no mutant's id.
pub(crate) fn named<'a>(
    mutants: &'a [Mutant],
    lesson: &str,
    ids: &[String],
) -> Result<Vec<&'a Mutant>> {
    for id in ids {
        if !mutants.iter().any(|mutant| mutant.id == *id) {
            bail!(
                "{lesson} has no mutant {id}; ids change with the changed code: \
                 `cargo xtask mutants {lesson}` lists the survivors"
            );
        }
    }
    Ok(mutants.iter().filter(|mutant| ids.contains(&mutant.id)).collect())
}

/// `size` mutants, drawn at random from `seed`, in their own order. The same seed draws the same
/// mutants, and a larger size adds mutants to those of a smaller one.
pub(crate) fn sample(mutants: &[Mutant], size: usize, seed: u64) -> Vec<&Mutant> {
    let mut drawn: Vec<_> = mutants.iter().enumerate().collect();
    drawn.sort_by_key(|(_, mutant)| {
        *blake3::hash(format!("{seed} {}", mutant.id).as_bytes()).as_bytes()
    });
    drawn.truncate(size);
    drawn.sort_by_key(|(index, _)| *index);
    drawn.into_iter().map(|(_, mutant)| mutant).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use programs::variants::Sources;

    fn mutants() -> Vec<Mutant> {
        let text = "\
fn f() {
    // <task 1: call>
    a(1);
    b(2);
    c(3);
    // </task>
}
";
        Mutant::all(&Sources::from([("solution/a.rs".into(), text.to_owned())])).unwrap()
    }

    #[test]
    fn a_sample_depends_on_its_seed_alone() {
        let all = mutants();
        let [small, same, large] = [(3, 1), (3, 1), (5, 1)].map(|(n, seed)| sample(&all, n, seed));
        assert_eq!(small, same);
        assert!(small.iter().all(|mutant| large.contains(mutant)));
        assert!((2..9).any(|seed| sample(&all, 3, seed) != small));
        assert_eq!(sample(&all, 1000, 1).len(), all.len());
    }

    #[test]
    fn an_unknown_id_is_an_error() {
        let all = mutants();
        let ids = [all[2].id.clone()];
        assert_eq!(named(&all, "w05-l01", &ids).unwrap(), [&all[2]]);
        let error = named(&all, "w05-l01", &["none".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("w05-l01 has no mutant none"), "{error}");
    }
}
