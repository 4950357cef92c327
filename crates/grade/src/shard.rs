//! A shard: one part of a class. Every machine divides the class in the same way.

use anyhow::{Context, Error, Result, bail};
use std::fmt;
use std::str::FromStr;

/// One part of a class, e.g. `3/16`: the third of 16 parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    part: u32,
    of: u32,
}

/// The maximum number of parts. No class needs more machines.
const MAX_PARTS: u32 = 10_000;

impl Shard {
    /// The number of the part, from 1.
    pub fn part(self) -> u32 {
        self.part
    }

    /// The number of parts.
    pub fn of(self) -> u32 {
        self.of
    }

    /// Whether a student's submission is in this part. Only the hash of the name decides, so all
    /// machines agree.
    pub fn contains(self, student: &str) -> bool {
        let hash = blake3::hash(student.as_bytes());
        let number = hash.as_bytes()[..8].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        number % u64::from(self.of) == u64::from(self.part - 1)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.of)
    }
}

impl FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let form = "write it as PART/PARTS, e.g. 3/16";
        let (part, of) = text.split_once('/').context(form)?;
        let number = |text: &str| text.trim().parse::<u32>().context(form);
        let (part, of) = (number(part)?, number(of)?);
        if !(1..=MAX_PARTS).contains(&of) || !(1..=of).contains(&part) {
            bail!("parts are counted from 1, and there are at most {MAX_PARTS}: {form}");
        }
        Ok(Self { part, of })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_student_is_in_exactly_one_part(student in ".*", of in 1..50_u32) {
            let parts = (1..=of).filter(|part| Shard { part: *part, of }.contains(&student));
            prop_assert_eq!(parts.count(), 1);
        }
    }

    #[test]
    fn a_name_is_always_in_the_same_part() {
        let part_of = |name: &str| (1..=4).find(|part| Shard { part: *part, of: 4 }.contains(name));
        assert_eq!(["alice", "bob", "José", ""].map(part_of), [4, 4, 2, 3].map(Some));
    }

    #[test]
    fn parts_are_counted_from_one() {
        assert_eq!("3/16".parse::<Shard>().unwrap().to_string(), "3/16");
        for wrong in ["0/4", "5/4", "1/0", "1", "", "a/b", "-1/4", "1/99999", "1/4/4"] {
            let error = wrong.parse::<Shard>().unwrap_err();
            assert!(format!("{error:#}").contains("3/16"), "{wrong}: {error:#}");
        }
    }
}
