//! The report's JSON schema allows every report that there can be, and refuses wrong ones.

mod support;

use support::schema;

#[test]
fn the_schema_tells_right_reports_from_wrong_ones() {
    schema::cargo("test").assert().success();
}
