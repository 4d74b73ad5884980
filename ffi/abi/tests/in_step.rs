//! What is written from the lists of symbols is what the lists say.

use ascend_rl_abi::files;

#[test]
fn headers_and_coverage_follow_from_the_lists() {
    let found = files::out_of_step(&files::workspace()).unwrap();
    assert!(found.is_empty(), "{}\n`{}` writes them anew", found.join("\n"), files::COMMAND);
}
