//! Ports as HCCL's variables give them: `60000-60050,60100` or `auto`.

use std::fmt;
use std::ops::RangeInclusive;

/// `HCCL_HOST_SOCKET_PORT_RANGE` and `HCCL_NPU_SOCKET_PORT_RANGE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ports {
    /// The system chooses.
    Auto,
    /// These, in ascending order, none of them in two.
    Ranges(Vec<RangeInclusive<u16>>),
}

impl Ports {
    /// How many there are; `None` for [`Ports::Auto`].
    pub fn count(&self) -> Option<usize> {
        match self {
            Ports::Auto => None,
            Ports::Ranges(ranges) => Some(ranges.iter().map(|range| range.len()).sum()),
        }
    }

    /// The first port that is in both, if one is.
    pub fn overlap(&self, other: &Ports) -> Option<u16> {
        let (Ports::Ranges(ours), Ports::Ranges(theirs)) = (self, other) else { return None };
        let both = |a: &RangeInclusive<u16>, b: &RangeInclusive<u16>| {
            let first = *a.start().max(b.start());
            (first <= *a.end().min(b.end())).then_some(first)
        };
        ours.iter().filter_map(|a| theirs.iter().filter_map(|b| both(a, b)).min()).min()
    }

    /// Whether a port is among them.
    pub fn contains(&self, port: u16) -> bool {
        matches!(self, Ports::Ranges(ranges) if ranges.iter().any(|range| range.contains(&port)))
    }

    /// The error is the way out.
    pub(super) fn parse(text: &str) -> Result<Ports, String> {
        if text == "auto" {
            return Ok(Ports::Auto);
        }
        let mut ranges = text.split(',').map(|part| range(part.trim())).collect::<Result<Vec<_>, _>>()?;
        ranges.sort_by_key(|range| *range.start());
        match ranges.windows(2).find(|pair| pair[1].start() <= pair[0].end()) {
            Some(pair) => Err(format!("{} and {} overlap; name each port once", Range(&pair[0]), Range(&pair[1]))),
            None => Ok(Ports::Ranges(ranges)),
        }
    }
}

fn range(text: &str) -> Result<RangeInclusive<u16>, String> {
    let port = |text: &str| text.trim().parse::<u16>().ok().filter(|&port| port > 0);
    let ends = match text.split_once('-') {
        Some((first, last)) => port(first).zip(port(last)),
        None => port(text).map(|port| (port, port)),
    };
    match ends {
        Some((first, last)) if first > last => Err(format!("{first}-{last} ends before it begins; write {last}-{first}")),
        Some((first, last)) => Ok(first..=last),
        None => Err(format!("{text:?} is no port; ports from 1 to 65535 and ranges of them are taken, as 60000-60050, or auto")),
    }
}

struct Range<'a>(&'a RangeInclusive<u16>);

impl fmt::Display for Range<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (self.0.start(), self.0.end());
        if first == last { write!(f, "{first}") } else { write!(f, "{first}-{last}") }
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ports::Auto => f.write_str("auto"),
            Ports::Ranges(ranges) => {
                let parts: Vec<String> = ranges.iter().map(|range| Range(range).to_string()).collect();
                f.write_str(&parts.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_ranges() {
        let ports = Ports::parse("60100, 60000-60050").unwrap();
        assert_eq!((ports.to_string().as_str(), ports.count()), ("60000-60050,60100", Some(52)));
        assert!(ports.contains(60050) && ports.contains(60100) && !ports.contains(60051));
        assert_eq!(Ports::parse("1-65535").unwrap().count(), Some(65535));
        assert_eq!((Ports::parse("auto"), Ports::Auto.count()), (Ok(Ports::Auto), None));
    }

    #[test]
    fn what_two_share_is_found() {
        let ports = |text| Ports::parse(text).unwrap();
        assert_eq!(ports("60000-60050").overlap(&ports("60050-60100")), Some(60050));
        assert_eq!(ports("60000,60050").overlap(&ports("61000,60050")), Some(60050));
        assert_eq!(ports("60000-60049").overlap(&ports("60050-60100")), None);
        assert_eq!(ports("60000").overlap(&Ports::Auto), None);
    }

    #[test]
    fn mistakes_say_the_way_out() {
        for (text, way_out) in [
            ("0", "from 1 to 65535"),
            ("65536", "from 1 to 65535"),
            ("60000:60050", "60000-60050"),
            ("60000,", "no port"),
            ("9-3", "write 3-9"),
            ("1-5,5", "1-5 and 5 overlap"),
        ] {
            let said = Ports::parse(text).unwrap_err();
            assert!(said.contains(way_out), "{text}: {said}");
        }
    }
}
