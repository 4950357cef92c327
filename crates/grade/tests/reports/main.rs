//! Tests of the results: the points, the gradebook, the HTML pages, and JUnit XML.

mod class;
mod clusters;
mod collect;
mod contrast;
mod corrected;
mod csv;
mod html;
mod junit;
mod junit_schema;
mod rubric;
mod teaching;
