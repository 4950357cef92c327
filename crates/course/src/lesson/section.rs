//! The sections that every lesson has: their headings, levels and order.

/// A section of a lesson. The variants are declared in the order of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each variant has the name of its heading")]
pub enum Section {
    TrainingSession,
    Warmup,
    Work,
    Prove,
    Ship,
    DoneWhen,
    CommonMistakes,
    Proof,
    HeroVisual,
    FutureLock,
}

impl Section {
    /// Every section, in the order of the text.
    pub const ALL: [Section; 10] = {
        use Section::*;
        [
            TrainingSession,
            Warmup,
            Work,
            Prove,
            Ship,
            DoneWhen,
            CommonMistakes,
            Proof,
            HeroVisual,
            FutureLock,
        ]
    };

    /// The text of the heading, without the `#` marks.
    pub fn name(self) -> &'static str {
        match self {
            Section::TrainingSession => "TRAINING SESSION",
            Section::Warmup => "Warmup",
            Section::Work => "Work",
            Section::Prove => "Prove",
            Section::Ship => "Ship",
            Section::DoneWhen => "Done When",
            Section::CommonMistakes => "Common Mistakes",
            Section::Proof => "Proof",
            Section::HeroVisual => "Hero Visual",
            Section::FutureLock => "Future Lock",
        }
    }

    /// The level of the heading. For example, `##` has level 2.
    pub fn level(self) -> usize {
        match self {
            Section::Warmup | Section::Work | Section::Prove | Section::Ship => 3,
            _ => 2,
        }
    }
}
