//! The lessons as data: what is asked, what each way to get it wrong is called, and what a proof reports.

pub mod lesson;
pub mod report;
