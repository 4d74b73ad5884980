//! "carry": additions of two two-digit numbers, digits reversed, the task that needs no download.
//!
//! `65+87=` is 56 + 78 and its completion is `431` and the end of the sequence: 134, lowest digit first, so that each
//! digit follows from what stands before it. There are 10,000 problems (every pair of 00 to 99); 256 of them are held
//! out and never seen in training of either kind.
//!
//! The supervised warm-up learns from a [`Teacher`] that adds each column right but draws both carries at random, whatever
//! the problem. A quarter of its labels is right, so what accuracy there is above that after training, reinforcement
//! learning found.

use crate::random::Random;

/// The `data_source` of this task.
pub const DATA_SOURCE: &str = "carry";

/// How many problems are held out.
pub const HELD_OUT: usize = 256;

/// Tokens of a prompt.
pub const PROMPT_TOKENS: usize = 6;

/// Tokens of an answer, the end of the sequence included.
pub const COMPLETION_TOKENS: usize = 4;

/// One addition of two numbers from 0 to 99.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Problem {
    /// The first summand.
    pub a: u8,
    /// The second summand.
    pub b: u8,
}

impl Problem {
    /// Problem `index` of 10,000: `100 a + b`.
    fn nth(index: usize) -> Self {
        Self { a: (index / 100) as u8, b: (index % 100) as u8 }
    }

    /// The number of this problem, from 0 to 9,999.
    pub fn index(self) -> usize {
        100 * usize::from(self.a) + usize::from(self.b)
    }

    /// The prompt: `65+87=` for 56 + 78.
    pub fn prompt(self) -> String {
        format!("{}{}+{}{}=", self.a % 10, self.a / 10, self.b % 10, self.b / 10)
    }

    /// The right completion, always three digits: `431` for 56 + 78.
    pub fn answer(self) -> String {
        let low = self.a % 10 + self.b % 10;
        self.add(u8::from(low >= 10), u8::from(u16::from(self.a) + u16::from(self.b) >= 100))
    }

    /// The columns added right, with the given carries into the tens and the hundreds.
    fn add(self, tens_carry: u8, hundreds_carry: u8) -> String {
        let ones = (self.a % 10 + self.b % 10) % 10;
        let tens = (self.a / 10 + self.b / 10 + tens_carry) % 10;
        format!("{ones}{tens}{hundreds_carry}")
    }
}

/// The problems of one run: which are trained on and which are held out.
#[derive(Clone, Debug)]
pub struct Split {
    /// 9,744 problems, in shuffled order.
    pub train: Vec<Problem>,
    /// 256 problems that are in no training batch, in shuffled order.
    pub held_out: Vec<Problem>,
}

impl Split {
    /// The split of `seed`.
    pub fn new(seed: u64) -> Self {
        let mut problems: Vec<Problem> = (0..10_000).map(Problem::nth).collect();
        Random::new(seed).shuffle(&mut problems);
        let train = problems.split_off(HELD_OUT);
        Self { train, held_out: problems }
    }
}

/// Draws supervised examples: the columns are right, the carries are tosses of loaded coins, anew each time a problem is drawn.
///
/// The coins are loaded (a carry into the tens in two of three, into the hundreds in one of three) so that a model which
/// has learnt them has a most likely answer that does not hang on noise; it is right in a fifth of all problems. With fair
/// coins, chance alone decides whether that is a fifth or a third.
#[derive(Clone, Debug)]
pub struct Teacher<'a> {
    problems: &'a [Problem],
    random: Random,
}

impl<'a> Teacher<'a> {
    /// A teacher over `problems` (at least one), with its own stream of random numbers.
    pub fn new(problems: &'a [Problem], seed: u64) -> Self {
        assert!(!problems.is_empty(), "a teacher needs a problem");
        Self { problems, random: Random::new(seed) }
    }

    /// The next example: a problem, and the completion that the teacher writes for it (without the end of sequence).
    pub fn example(&mut self) -> (Problem, String) {
        let problem = self.problems[self.random.range(self.problems.len() as u64) as usize];
        let mut coin = |thirds: u64| u8::from(self.random.range(3) < thirds);
        let (tens_carry, hundreds_carry) = (coin(2), coin(1));
        (problem, problem.add(tens_carry, hundreds_carry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn prompts_and_answers_are_reversed_sums() {
        let problem = Problem { a: 56, b: 78 };
        assert_eq!((problem.prompt().as_str(), problem.answer().as_str()), ("65+87=", "431"));
        for index in 0..10_000 {
            let problem = Problem::nth(index);
            let backwards = |text: &str| text.chars().rev().collect::<String>().parse::<u32>().unwrap();
            let prompt = problem.prompt();
            let (a, b) = (backwards(&prompt[..2]), backwards(&prompt[3..5]));
            assert_eq!((&prompt[2..3], &prompt[5..]), ("+", "="));
            assert_eq!((a, b), (u32::from(problem.a), u32::from(problem.b)));
            assert_eq!(backwards(&problem.answer()), a + b);
            assert_eq!((prompt.len(), problem.answer().len() + 1), (PROMPT_TOKENS, COMPLETION_TOKENS));
            assert_eq!(problem.index(), index);
        }
    }

    #[test]
    fn split_is_disjoint_complete_and_seeded() {
        let split = Split::new(5);
        let held_out: HashSet<_> = split.held_out.iter().copied().collect();
        let train: HashSet<_> = split.train.iter().copied().collect();
        assert_eq!((held_out.len(), train.len()), (HELD_OUT, 10_000 - HELD_OUT));
        assert!(held_out.is_disjoint(&train));
        assert_eq!(split.held_out, Split::new(5).held_out);
        assert_ne!(split.held_out, Split::new(6).held_out);
    }

    #[test]
    fn teacher_is_right_in_a_quarter_and_always_adds_columns() {
        let split = Split::new(1);
        let mut teacher = Teacher::new(&split.train, 2);
        let held_out: HashSet<_> = split.held_out.iter().collect();
        let draws = 40_000;
        let mut right = 0;
        for _ in 0..draws {
            let (problem, completion) = teacher.example();
            assert!(!held_out.contains(&problem));
            let digit = |i: usize| completion.as_bytes()[i] - b'0';
            assert_eq!(digit(0), (problem.a + problem.b) % 10);
            let tens = (problem.a / 10 + problem.b / 10) % 10;
            assert!(digit(1) == tens || digit(1) == (tens + 1) % 10);
            assert!(digit(2) <= 1);
            right += u32::from(completion == problem.answer());
        }
        // The carries of all problems (none, tens, hundreds, both: .3025, .2025, .2475, .2475) against the coins'.
        let expected = (0.3025 * 2.0 + 0.2025 * 4.0 + 0.2475 + 0.2475 * 2.0) / 9.0;
        // Six standard errors of a proportion, and what leaving out 256 problems may change.
        let share = f64::from(right) / f64::from(draws);
        assert!((share - expected).abs() < 6.0 * (0.25 * 0.75 / f64::from(draws)).sqrt() + 0.003, "right in {share}");
    }

    #[test]
    fn teacher_is_seeded_and_changes_its_mind() {
        let one = [Problem { a: 56, b: 78 }];
        let draw = |seed| {
            let mut teacher = Teacher::new(&one, seed);
            (0..50).map(|_| teacher.example().1).collect::<Vec<_>>()
        };
        assert_eq!(draw(3), draw(3));
        assert_eq!(draw(3).into_iter().collect::<HashSet<_>>().len(), 4);
    }
}
