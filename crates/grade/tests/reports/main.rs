//! What comes out: points, the gradebook, the pages, JUnit XML.

mod class;
mod collect;
mod rubric;
