//! The arithmetic task: the exact digits, and then the end of the sequence.

use super::Completion;

/// 1 for the exact answer and nothing after it, else 0.
pub fn score(completion: Completion<'_>, ground_truth: &str) -> f32 {
    if completion.finished && completion.text == ground_truth { 1.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_ended_answer_counts() {
        let cases = [
            ("431", true, 1.0),
            ("431", false, 0.0),
            ("4310", true, 0.0),
            ("43", true, 0.0),
            (" 431", true, 0.0),
            ("134", true, 0.0),
            ("", true, 0.0),
        ];
        for (text, finished, expected) in cases {
            assert_eq!(score(Completion { text, finished }, "431"), expected, "{text:?} {finished}");
        }
    }
}
