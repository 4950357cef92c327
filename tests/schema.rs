//! The report's JSON schema allows every valid report and rejects invalid ones.

mod support;

use support::schema;

#[test]
fn the_tests_of_the_schema_pass() {
    schema::cargo("test").assert().success();
}
