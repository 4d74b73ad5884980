//! A table of sample completions, for the terminal and for `samples.txt`.

use std::fmt::Write;

/// One completion.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What was asked.
    pub prompt: String,
    /// What the policy answered.
    pub completion: String,
    /// Its reward.
    pub reward: f32,
}

/// No column is wider than this; a longer text shows its end, where the answer is.
const MAX_WIDTH: usize = 60;

/// A table under `title`, one line a sample. Control characters are made visible, so that a sample is one line and
/// cannot move the cursor.
pub fn samples_table(title: &str, samples: &[Sample]) -> String {
    let rows: Vec<[String; 3]> = std::iter::once(["prompt", "completion", "reward"].map(String::from))
        .chain(samples.iter().map(|s| [cell(&s.prompt), cell(&s.completion), format!("{:.2}", s.reward)]))
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (prompt_width, completion_width, reward_width) = (width(0), width(1), width(2));
    let mut table = format!("{title}\n");
    for [prompt, completion, reward] in &rows {
        // Writing to a string cannot fail.
        let _ = writeln!(table, "  {prompt:<prompt_width$}  {completion:<completion_width$}  {reward:>reward_width$}");
    }
    table
}

fn cell(text: &str) -> String {
    let visible: Vec<char> = text.chars().flat_map(visible).collect();
    if visible.len() <= MAX_WIDTH {
        return visible.into_iter().collect();
    }
    let end = &visible[visible.len() - (MAX_WIDTH - 1)..];
    std::iter::once(&'…').chain(end).collect()
}

/// A line feed as `\n`, another control character as its code; what is not one stays as it is.
fn visible(c: char) -> Vec<char> {
    // The marks that turn writing direction are no control characters for Unicode, but garble a line all the same.
    let garbles = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if c.is_control() || garbles { c.escape_default().collect() } else { vec![c] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample(prompt: &str, completion: &str, reward: f32) -> Sample {
        Sample { prompt: prompt.into(), completion: completion.into(), reward }
    }

    #[test]
    fn columns_are_aligned() {
        let table = samples_table("before", &[sample("65+87=", "431", 1.0), sample("1", "a\nb\u{1b}[2J\té", -0.5)]);
        let expected = "before
  prompt  completion        reward
  65+87=  431                 1.00
  1       a\\nb\\u{1b}[2J\\té   -0.50
";
        assert_eq!(table, expected);
    }

    #[test]
    fn long_texts_show_their_end() {
        let table = samples_table("", &[sample(&"x".repeat(200), &format!("{}#### 7", "y".repeat(100)), 1.0)]);
        let line = table.lines().nth(2).unwrap();
        assert!(line.contains("…yyy") && line.contains("#### 7"));
        assert_eq!(line.chars().count(), 2 + MAX_WIDTH + 2 + MAX_WIDTH + 2 + 6);
    }

    #[test]
    fn no_samples_is_a_header() {
        assert_eq!(samples_table("after", &[]), "after\n  prompt  completion  reward\n");
    }

    proptest! {
        #[test]
        fn a_sample_is_one_line_of_printable_text(prompt: String, completion: String) {
            let table = samples_table("t", &[sample(&prompt, &completion, 0.0)]);
            prop_assert_eq!(table.lines().count(), 3);
            prop_assert!(table.replace('\n', "").chars().all(|c| !c.is_control()));
        }
    }
}
