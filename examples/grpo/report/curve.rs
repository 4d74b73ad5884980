//! The reward curve as an SVG: one light line of every step, one heavy line smoothed, axes with ticks.

use std::fmt::Write;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
/// The plot's edges within the picture.
const LEFT: f64 = 70.0;
const RIGHT: f64 = WIDTH - 24.0;
const TOP: f64 = 48.0;
const BOTTOM: f64 = HEIGHT - 56.0;

const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#333}.title{font-size:16px;font-weight:600}\
.grid{stroke:#e4e4e4}.axis{stroke:#888}polyline{fill:none;stroke-linejoin:round}\
.raw{stroke:#9dbce0;stroke-width:1}.smooth{stroke:#1f5fa8;stroke-width:2.5}";

/// An SVG of the mean reward of each step, counted from 1. Values that are not finite are left out.
pub fn reward_curve(title: &str, rewards: &[f64]) -> String {
    let points: Vec<(f64, f64)> =
        rewards.iter().enumerate().filter(|(_, y)| y.is_finite()).map(|(i, &y)| (i as f64 + 1.0, y)).collect();
    let x_axis = Axis::new(1.0, rewards.len().max(2) as f64, LEFT, RIGHT, 8.0);
    let low = points.iter().map(|&(_, y)| y).fold(0.0, f64::min);
    let high = points.iter().map(|&(_, y)| y).fold(low, f64::max);
    // A curve without any reward still gets an axis from 0 to 1.
    let y_axis = Axis::new(low, if high > low { high } else { low + 1.0 }, BOTTOM, TOP, 6.0).widened();

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n\
         <style>{STYLE}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    text(&mut svg, ((LEFT + RIGHT) / 2.0, 28.0), "middle", "class=\"title\"", title);
    for (y, label) in y_axis.ticks() {
        line(&mut svg, "grid", (LEFT, y), (RIGHT, y));
        text(&mut svg, (LEFT - 8.0, y + 4.0), "end", "", &label);
    }
    // Steps are whole numbers: no ticks between them.
    for (x, label) in x_axis.ticks().into_iter().filter(|(_, label)| !label.contains('.')) {
        line(&mut svg, "axis", (x, BOTTOM), (x, BOTTOM + 5.0));
        text(&mut svg, (x, BOTTOM + 20.0), "middle", "", &label);
    }
    line(&mut svg, "axis", (LEFT, BOTTOM), (RIGHT, BOTTOM));
    line(&mut svg, "axis", (LEFT, TOP), (LEFT, BOTTOM));
    text(&mut svg, ((LEFT + RIGHT) / 2.0, HEIGHT - 14.0), "middle", "", "step");
    let middle = (TOP + BOTTOM) / 2.0;
    text(&mut svg, (20.0, middle), "middle", &format!("transform=\"rotate(-90 20 {middle})\""), "mean reward");
    let place = |points: &[(f64, f64)]| points.iter().map(|&(x, y)| (x_axis.place(x), y_axis.place(y))).collect::<Vec<_>>();
    polyline(&mut svg, "raw", &place(&points));
    polyline(&mut svg, "smooth", &place(&smoothed(&points)));
    svg + "</svg>\n"
}

/// The mean over a window centred on each step, a twentieth of the run to either side; shorter at the ends.
fn smoothed(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let reach = points.len().div_ceil(20);
    let window_mean = |i: usize| {
        let side = reach.min(i).min(points.len() - 1 - i);
        let window = &points[i - side..=i + side];
        window.iter().map(|&(_, y)| y).sum::<f64>() / window.len() as f64
    };
    (0..points.len()).map(|i| (points[i].0, window_mean(i))).collect()
}

/// Values from `low` to `high` onto the picture from `start` to `end`.
struct Axis {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
    /// Between ticks: 1, 2 or 5 times a power of ten.
    tick: f64,
}

impl Axis {
    fn new(low: f64, high: f64, start: f64, end: f64, about: f64) -> Self {
        let rough = (high - low) / about;
        let power = 10_f64.powf(rough.log10().floor());
        let tick = [1.0, 2.0, 5.0].map(|step| step * power).into_iter().find(|&step| step >= rough);
        Self { low, high, start, end, tick: tick.unwrap_or(10.0 * power) }
    }

    /// Both ends moved out to the next tick.
    fn widened(self) -> Self {
        // A value on a tick, but for rounding, stays on it.
        let low = (self.low / self.tick + 1e-9).floor() * self.tick;
        let high = (self.high / self.tick - 1e-9).ceil() * self.tick;
        Self { low, high, ..self }
    }

    fn place(&self, value: f64) -> f64 {
        self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)
    }

    /// Place and label of each tick, with as many decimals as the distance between ticks has.
    fn ticks(&self) -> Vec<(f64, String)> {
        let decimals = (-self.tick.log10().floor()).max(0.0) as usize;
        let first = (self.low / self.tick - 1e-9).ceil() as i64;
        let last = (self.high / self.tick + 1e-9).floor() as i64;
        let tick = |i| {
            let value = i as f64 * self.tick;
            (self.place(value), format!("{value:.decimals$}"))
        };
        (first..=last).map(tick).collect()
    }
}

// Writing to a string cannot fail: the results below are dropped.

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, attributes: &str, content: &str) {
    let content = escape(content);
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" {attributes}>{content}</text>");
}

fn line(svg: &mut String, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
    let _ = writeln!(svg, "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>");
}

fn polyline(svg: &mut String, class: &str, points: &[(f64, f64)]) {
    let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let _ = writeln!(svg, "<polyline class=\"{class}\" points=\"{}\"/>", points.join(" "));
}

/// What XML would take for markup, and what it does not allow at all.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(axis: &Axis) -> Vec<String> {
        axis.ticks().into_iter().map(|(_, label)| label).collect()
    }

    fn points(svg: &str, class: &str) -> Vec<(f64, f64)> {
        let before = format!("class=\"{class}\" points=\"");
        let list = svg[svg.find(&before).unwrap() + before.len()..].split('"').next().unwrap();
        let pair = |pair: &str| pair.split_once(',').map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap())).unwrap();
        list.split(' ').filter(|pair| !pair.is_empty()).map(pair).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(labels(&Axis::new(0.0, 0.97, 0.0, 1.0, 6.0).widened()), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&Axis::new(1.0, 200.0, 0.0, 1.0, 8.0)), ["50", "100", "150", "200"]);
        assert_eq!(labels(&Axis::new(-1.0, 1.0, 0.0, 1.0, 6.0).widened()), ["-1.0", "-0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(labels(&Axis::new(0.0, 0.03, 0.0, 1.0, 6.0).widened()).last().unwrap(), "0.030");
    }

    #[test]
    fn the_curve_rises_to_the_upper_right() {
        let rewards: Vec<f64> = (0..200).map(|i| f64::from(i) / 199.0).collect();
        let raw = points(&reward_curve("carry", &rewards), "raw");
        assert_eq!(raw.len(), 200);
        assert_eq!((raw[0], raw[199]), ((LEFT, BOTTOM), (RIGHT, TOP)));
        assert!(raw.windows(2).all(|pair| pair[1].0 > pair[0].0 && pair[1].1 <= pair[0].1));
    }

    #[test]
    fn smoothing_keeps_lines_and_flattens_noise() {
        let straight: Vec<(f64, f64)> = (0..50).map(|i| (f64::from(i), 2.0 * f64::from(i))).collect();
        for (smooth, raw) in smoothed(&straight).into_iter().zip(&straight) {
            assert!((smooth.1 - raw.1).abs() < 1e-9);
        }
        let noise: Vec<(f64, f64)> = (0..200).map(|i| (f64::from(i), f64::from(i % 2))).collect();
        assert!(smoothed(&noise)[10..190].iter().all(|&(_, y)| (y - 0.5).abs() < 0.05));
    }

    #[test]
    fn titles_are_escaped() {
        let svg = reward_curve("<b> & \"c\"\u{1b}", &[0.0]);
        assert!(svg.contains(">&lt;b&gt; &amp; &quot;c&quot;\u{fffd}</text>"), "{svg}");
    }

    #[test]
    fn hopeless_input_still_is_a_picture() {
        for rewards in [&[][..], &[0.0], &[f64::NAN, 0.5, f64::INFINITY], &[-2.0, -2.0], &[1e-300, 1e300]] {
            let svg = reward_curve("t", rewards);
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }

    proptest! {
        #[test]
        fn every_point_is_inside_the_plot(rewards in prop::collection::vec(-1e3..1e3_f64, 1..120)) {
            let svg = reward_curve("t", &rewards);
            for (x, y) in [points(&svg, "raw"), points(&svg, "smooth")].concat() {
                prop_assert!((LEFT - 0.1..=RIGHT + 0.1).contains(&x) && (TOP - 0.1..=BOTTOM + 0.1).contains(&y));
            }
        }
    }
}
