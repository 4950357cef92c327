//! What comes out: points, the gradebook, the pages, JUnit XML.

mod class;
mod clusters;
mod collect;
mod contrast;
mod csv;
mod html;
mod junit;
mod rubric;
