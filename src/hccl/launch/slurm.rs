//! Slurm's short form of host names: `node[01-04,07],login1`.

/// The first host of a list; `None` if it is none.
pub(super) fn first_host(list: &str) -> Option<String> {
    let end = end_of_first(list)?;
    let mut rest = &list[..end];
    let mut host = String::new();
    while let Some((before, behind)) = rest.split_once('[') {
        let (numbers, after) = behind.split_once(']')?;
        let first = numbers.split([',', '-']).next()?;
        if first.is_empty() || !first.bytes().all(|c| c.is_ascii_digit()) {
            return None;
        }
        host.push_str(before);
        host.push_str(first);
        rest = after;
    }
    host.push_str(rest);
    (!host.is_empty() && !host.contains([']', ' '])).then_some(host)
}

/// The first comma outside of brackets, or the end; `None` if brackets do not match.
fn end_of_first(list: &str) -> Option<usize> {
    let mut inside = false;
    for (at, c) in list.char_indices() {
        match c {
            '[' if inside => return None,
            '[' => inside = true,
            ']' if !inside => return None,
            ']' => inside = false,
            ',' if !inside => return Some(at),
            _ => {}
        }
    }
    (!inside).then_some(list.len())
}

#[cfg(test)]
mod tests {
    use super::first_host;

    #[test]
    fn the_first_of_each_form() {
        for (list, first) in [
            ("node01", "node01"),
            ("a,b,c", "a"),
            ("node[01-04,07],login1", "node01"),
            ("node[007,9]", "node007"),
            ("rack[2-3]n[10-12].site", "rack2n10.site"),
            ("10.0.0.1", "10.0.0.1"),
        ] {
            assert_eq!(first_host(list).as_deref(), Some(first), "{list}");
        }
        for bad in ["", "node[", "node]", "node[]", "node[a-b]", "n[[1]]", ",a"] {
            assert_eq!(first_host(bad), None, "{bad}");
        }
    }
}
