//! The report's JSON schema accepts valid reports and rejects invalid reports.

mod support;

use support::schema;

#[test]
fn the_tests_of_the_schema_pass() {
    schema::cargo("test").assert().success();
}
