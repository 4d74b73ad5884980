//! What this library needs of a rank table: who is where. HCCL reads the file itself, and checks all of it.

use super::local::fingerprint;
use crate::error::{Error, ErrorKind, Result};
use std::fs;
use std::path::Path;

/// The ranks of a table.
#[derive(Debug)]
pub(super) struct RankTable {
    /// In the order of the ranks.
    pub ranks: Vec<Seat>,
    /// Of the file's text.
    pub fingerprint: u64,
}

/// Where one rank is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    /// The device's number on its host, before `ASCEND_RT_VISIBLE_DEVICES` renumbers them.
    pub device: u32,
    /// Which of the table's servers.
    pub server: usize,
}

impl RankTable {
    pub(super) fn read(path: &Path) -> Result<RankTable> {
        let text =
            fs::read_to_string(path).map_err(|error| Error::from(error).context(format!("rank table {}", path.display())))?;
        RankTable::parse(&text).map_err(|what| Error::new(ErrorKind::Argument, format!("rank table {}: {what}", path.display())))
    }

    pub(super) fn size(&self) -> usize {
        self.ranks.len()
    }

    /// The ranks on the server of `rank`, in the order of their devices: that rank's place, and how many they are.
    pub(super) fn local(&self, rank: usize) -> (usize, usize) {
        let Seat { server, device } = self.ranks[rank];
        let mates = self.ranks.iter().filter(|seat| seat.server == server);
        (mates.clone().filter(|seat| seat.device < device).count(), mates.count())
    }

    fn parse(text: &str) -> std::result::Result<RankTable, String> {
        let mut found: Vec<(usize, Seat)> = Vec::new();
        // What describes a device has no braces inside, and comes in the list of its server.
        for object in innermost(text) {
            let Some(rank) = value(object.text, "rank_id") else { continue };
            let number =
                |key: &str, text: &str| text.parse::<u32>().map_err(|_| format!("{key} is {text:?}, a number is needed"));
            let rank = number("rank_id", rank)? as usize;
            let device = value(object.text, "device_id").ok_or_else(|| format!("rank {rank} has no device_id"))?;
            found.push((rank, Seat { device: number("device_id", device)?, server: object.list }));
        }
        found.sort_by_key(|(rank, _)| *rank);
        match found.iter().enumerate().find(|(at, (rank, _))| at != rank) {
            _ if found.is_empty() => Err("it names no rank: no object has a rank_id".into()),
            Some((at, (rank, _))) if *rank < at => Err(format!("rank_id {rank} is there twice")),
            Some((at, _)) => Err(format!("rank_id {at} is missing; there are {} ranks, numbered from 0", found.len())),
            None => Ok(RankTable {
                ranks: found.into_iter().map(|(_, seat)| seat).collect(),
                fingerprint: fingerprint(text.as_bytes()),
            }),
        }
    }
}

/// An object of JSON text without objects inside.
struct Object<'a> {
    text: &'a str,
    /// Which of the text's lists it is in, counted by their beginnings.
    list: usize,
}

/// Those objects, in their order.
fn innermost(text: &str) -> impl Iterator<Item = Object<'_>> {
    let (mut begin, mut lists, mut open, mut quoted, mut escaped) = (None, 0, Vec::new(), false, false);
    text.char_indices().filter_map(move |(at, c)| {
        if quoted {
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
            return None;
        }
        match c {
            '"' => quoted = true,
            '[' => {
                lists += 1;
                open.push(lists);
            }
            ']' => _ = open.pop(),
            '{' => begin = Some(at + 1),
            '}' => {
                let list = open.last().copied().unwrap_or(0);
                return begin.take().map(|begin| Object { text: &text[begin..at], list });
            }
            _ => {}
        }
        None
    })
}

/// The value of a key in a flat object, without its quotes.
fn value<'a>(object: &'a str, key: &str) -> Option<&'a str> {
    let quoted = format!("\"{key}\"");
    let (_, behind) = object.split_once(&quoted)?;
    let value = behind.trim_start().strip_prefix(':')?.trim_start();
    match value.strip_prefix('"') {
        Some(text) => text.split('"').next(),
        None => value.split([',', '\n', ' ']).next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_HOSTS: &str = r#"{"version": "1.0", "status": "completed", "server_count": "2", "server_list": [
        {"server_id": "node {0}", "device": [
            {"device_id": "4", "device_ip": "192.168.1.8", "rank_id": "1"}, {"device_id": "2", "rank_id": "0"}]},
        {"device": [{"rank_id" : "2", "device_id":"2"}], "server_id": "node \"1"}]}"#;

    #[test]
    fn ranks_devices_and_hosts() {
        let table = RankTable::parse(TWO_HOSTS).unwrap();
        assert_eq!((table.size(), table.ranks.iter().map(|seat| seat.device).collect::<Vec<_>>()), (3, vec![2, 4, 2]));
        assert_eq!([0, 1, 2].map(|rank| table.local(rank)), [(0, 2), (1, 2), (0, 1)]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let table = |ranks: &[(&str, &str)]| {
            let device = |(rank, device): &(&str, &str)| format!(r#"{{"device_id":"{device}","rank_id":"{rank}"}}"#);
            let text =
                format!(r#"{{"server_list":[{{"device":[{}]}}]}}"#, ranks.iter().map(device).collect::<Vec<_>>().join(","));
            RankTable::parse(&text).map(|table| table.size()).unwrap_err()
        };
        assert_eq!(table(&[]), "it names no rank: no object has a rank_id");
        assert_eq!(table(&[("0", "0"), ("0", "1")]), "rank_id 0 is there twice");
        assert_eq!(table(&[("0", "0"), ("2", "1")]), "rank_id 1 is missing; there are 2 ranks, numbered from 0");
        assert_eq!(table(&[("x", "0")]), "rank_id is \"x\", a number is needed");
        assert_eq!(table(&[("0", "-1")]), "device_id is \"-1\", a number is needed");
        assert_eq!(RankTable::parse("no JSON").unwrap_err(), "it names no rank: no object has a rank_id");
        assert_eq!(RankTable::read(Path::new("/nowhere/table.json")).unwrap_err().kind(), ErrorKind::Io);
    }
}
