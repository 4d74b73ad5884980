//! GSM8K as verl scores it (`verl/utils/reward_score/gsm8k.py`, method "strict"): the number after the last `####`.

use std::sync::LazyLock;

use regex::Regex;

use super::Completion;

/// Only this many characters at the end are looked at.
const TAIL: usize = 300;

static ANSWER: LazyLock<Regex> = LazyLock::new(|| Regex::new("#### (-?[0-9.,]+)").expect("the pattern is a constant"));

/// 1 where the last answer equals the ground truth as text, once commas and dollar signs are gone; else 0.
pub fn score(completion: Completion<'_>, ground_truth: &str) -> f32 {
    if answer(completion.text).is_some_and(|answer| answer == ground_truth) { 1.0 } else { 0.0 }
}

fn answer(text: &str) -> Option<String> {
    let start = text.char_indices().rev().nth(TAIL - 1).map_or(0, |(start, _)| start);
    let last = ANSWER.captures_iter(&text[start..]).last()?;
    Some(last[1].replace([',', '$'], ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reward(text: &str, truth: &str) -> f32 {
        score(Completion { text, finished: true }, truth)
    }

    /// Worked out by hand from verl's code.
    #[test]
    fn golden_cases() {
        let cases = [
            ("3 + 4 = 7\n#### 7", "7", 1.0),
            ("#### 7", "8", 0.0),
            ("the answer is 7", "7", 0.0),
            ("####7", "7", 0.0),
            ("#### 1,250", "1250", 1.0),
            ("#### -2", "-2", 1.0),
            ("#### - 2", "-2", 0.0),
            ("#### 3.5", "3.5", 1.0),
            ("#### 3.50", "3.5", 0.0),
            // The dot belongs to the number that is found.
            ("#### 7.", "7", 0.0),
            ("#### 7 apples", "7", 1.0),
            // A dollar sign before the number keeps the pattern from matching at all.
            ("#### $7", "7", 0.0),
            ("#### 6\nno: #### 7", "7", 1.0),
            ("#### 7\nno: #### 6", "7", 0.0),
            ("##### 7", "7", 1.0),
            ("", "7", 0.0),
        ];
        for (text, truth, expected) in cases {
            assert_eq!(reward(text, truth), expected, "{text:?}");
        }
    }

    #[test]
    fn only_the_last_300_characters_count() {
        // "#### 7" is six characters: with 294 after it all of it is in reach, with 295 the first '#' is not,
        // and the pattern needs all four.
        assert_eq!(reward(&format!("#### 7{}", " ".repeat(294)), "7"), 1.0);
        assert_eq!(reward(&format!("#### 7{}", " ".repeat(295)), "7"), 0.0);
        // Characters, not bytes.
        assert_eq!(reward(&format!("#### 7{}", "é".repeat(294)), "7"), 1.0);
        assert_eq!(reward(&format!("#### 7{}", "é".repeat(295)), "7"), 0.0);
    }
}
