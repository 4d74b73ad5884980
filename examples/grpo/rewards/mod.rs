//! Reward rules, one a file, picked by a prompt's `data_source` as verl picks them.
//!
//! A rule is a pure function of the completion and the ground truth. Uses nothing of the rest of the example. Does not
//! cover yet: rules that call a model or run code, and partial credit.

mod carry;
mod gsm8k;

use anyhow::{Result, bail};

/// What the policy wrote.
#[derive(Clone, Copy, Debug)]
pub struct Completion<'a> {
    /// Its text, special tokens left out.
    pub text: &'a str,
    /// Whether it ended by itself (with an end-of-sequence token), and not at the length limit.
    pub finished: bool,
}

/// A reward rule: completion, ground truth, score.
pub type Rule = fn(Completion<'_>, &str) -> f32;

/// Every rule by its `data_source`.
const RULES: [(&str, Rule); 2] = [("carry", carry::score), ("openai/gsm8k", gsm8k::score)];

/// The rule for `data_source`.
pub fn rule(data_source: &str) -> Result<Rule> {
    match RULES.iter().find(|(name, _)| *name == data_source) {
        Some(&(_, rule)) => Ok(rule),
        None => {
            let known = RULES.map(|(name, _)| name).join(", ");
            bail!("no reward rule for data_source {data_source:?}; there are rules for: {known}")
        }
    }
}

/// The reward of one completion.
pub fn score(data_source: &str, completion: Completion<'_>, ground_truth: &str) -> Result<f32> {
    Ok(rule(data_source)?(completion, ground_truth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_picked_by_data_source() {
        let completion = Completion { text: "431", finished: true };
        assert_eq!(score("carry", completion, "431").unwrap(), 1.0);
        assert_eq!(score("openai/gsm8k", completion, "431").unwrap(), 0.0);
        let error = score("lighteval/MATH", completion, "431").unwrap_err();
        let expected = "no reward rule for data_source \"lighteval/MATH\"; there are rules for: carry, openai/gsm8k";
        assert_eq!(error.to_string(), expected);
    }
}
