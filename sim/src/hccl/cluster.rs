//! Rank tables: which rank is on which device (hccl, user guide, "cluster information"; versions 1.0 for A2 and 1.2 for A3).
//!
//! All values are texts. Keys that the simulator has no use for (addresses and ports of network cards, and those that other
//! tools add) may be anything of the right form. It is one machine: a table of several servers is refused.

use ascend_rl_sys::codes::HCCL_E_PARA;
use serde_json::Value;

use super::mesh::mixed;
use crate::reject::{Outcome, Reject, check, reject};

/// One server's devices, by their ranks.
#[derive(Debug)]
pub(super) struct RankTable {
    version: String,
    server: String,
    devices: Vec<u32>,
}

/// An object of the file, and what it is there.
struct Part<'a> {
    name: String,
    value: &'a Value,
}

impl<'a> Part<'a> {
    fn refuse<T>(&self, what: String) -> Outcome<T> {
        Err(Reject { code: HCCL_E_PARA, text: format!("rank table: {what}") })
    }

    fn find(&self, key: &str) -> Outcome<&'a Value> {
        match self.value.get(key) {
            Some(value) => Ok(value),
            None => self.refuse(format!("{}{key} is missing", self.name)),
        }
    }

    fn text(&self, key: &str) -> Outcome<&'a str> {
        match self.find(key)? {
            Value::String(text) => Ok(text),
            other => self.refuse(format!("{}{key} is {}: a text is taken, as \"1\"", self.name, kind(other))),
        }
    }

    fn number(&self, key: &str) -> Outcome<u32> {
        let text = self.text(key)?;
        let number = text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        number.map_or_else(|| self.refuse(format!("{}{key} is \"{text}\": a whole number is taken", self.name)), Ok)
    }

    /// An address of a network card, where there is one.
    fn address(&self, key: &str) -> Outcome {
        if self.value.get(key).is_none() {
            return Ok(());
        }
        let text = self.text(key)?;
        match text.is_empty() || text.parse::<std::net::IpAddr>().is_ok() {
            true => Ok(()),
            false => self.refuse(format!("{}{key} is \"{text}\": an address is taken, as \"192.168.1.8\"", self.name)),
        }
    }

    fn list(&self, key: &str) -> Outcome<Vec<Part<'a>>> {
        let Value::Array(items) = self.find(key)? else {
            return self.refuse(format!("{}{key} is {}: a list is taken", self.name, kind(self.find(key)?)));
        };
        let part = |(i, value): (usize, &'a Value)| {
            let part = Part { name: format!("{}{key}[{i}].", self.name), value };
            match value {
                Value::Object(_) => Ok(part),
                _ => self.refuse(format!("{}{key}[{i}] is {}: an object is taken", self.name, kind(value))),
            }
        };
        items.iter().enumerate().map(part).collect()
    }
}

/// What a value is, in words.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

impl RankTable {
    /// Of a file.
    pub(super) fn read(path: &str) -> Outcome<RankTable> {
        check!(path.len() < 4096, HCCL_E_PARA, "clusterInfo has {} bytes: a path of up to 4095 is taken", path.len());
        match std::fs::read_to_string(path) {
            Ok(text) => RankTable::parse(&text)
                .map_err(|refusal| Reject { text: format!("clusterInfo \"{path}\": {}", refusal.text), ..refusal }),
            Err(error) => reject!(HCCL_E_OPEN_FILE_FAILURE, "clusterInfo \"{path}\" cannot be read: {error}"),
        }
    }

    fn parse(text: &str) -> Outcome<RankTable> {
        let value: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(error) => reject!(HCCL_E_PARA, "rank table: {error}"),
        };
        let table = Part { name: String::new(), value: &value };
        let version = table.text("version")?;
        check!(matches!(version, "1.0" | "1.2"), HCCL_E_PARA, "rank table: version is \"{version}\": 1.0 and 1.2 are known");
        let status = table.text("status")?;
        check!(status == "completed", HCCL_E_PARA, "rank table: status is \"{status}\": it can be used once it is \"completed\"");
        let (count, servers) = (table.number("server_count")?, table.list("server_list")?);
        check!(
            count as usize == servers.len(),
            HCCL_E_PARA,
            "rank table: server_count is \"{count}\", server_list has {}",
            servers.len()
        );
        let [server] = &servers[..] else {
            reject!(HCCL_E_NOT_SUPPORT, "rank table: server_count is \"{count}\": the simulator is one machine")
        };
        server.address("host_ip")?;
        let id = server.text("server_id")?;
        check!(!id.is_empty(), HCCL_E_PARA, "rank table: server_list[0].server_id is empty");
        if table.value.get("super_pod_list").is_some() {
            check_pods(&table, id)?;
        }
        Ok(RankTable { version: version.to_owned(), server: id.to_owned(), devices: devices(server)? })
    }

    pub(super) fn size(&self) -> usize {
        self.devices.len()
    }

    /// That the table has this rank on this device.
    pub(super) fn check_rank(&self, rank: u32, device: u32) -> Outcome {
        let last = self.devices.len() - 1;
        let Some(known) = self.devices.get(rank as usize) else {
            reject!(HCCL_E_PARA, "rank is {rank}, the rank table has rank_id 0 to {last}")
        };
        check!(
            *known == device,
            HCCL_E_PARA,
            "the rank table has rank_id {rank} on device_id {known}, the current device is {device}"
        );
        Ok(())
    }

    /// The same for the same table, whatever its white space.
    pub(super) fn hash(&self) -> u64 {
        let bytes = self.version.bytes().chain([0]).chain(self.server.bytes());
        mixed(bytes.map(u64::from).chain(self.devices.iter().map(|device| u64::from(*device))))
    }
}

/// The devices of a server, in the order of their ranks.
fn devices(server: &Part) -> Outcome<Vec<u32>> {
    let list = server.list("device")?;
    check!(!list.is_empty(), HCCL_E_PARA, "rank table: {}device is empty", server.name);
    let mut devices: Vec<Option<u32>> = vec![None; list.len()];
    for part in &list {
        let (device, rank) = (part.number("device_id")?, part.number("rank_id")?);
        ["device_ip", "backup_device_ip"].iter().try_for_each(|key| part.address(key))?;
        for key in ["device_port", "backup_device_port", "host_port", "super_device_id"] {
            if part.value.get(key).is_some() {
                part.number(key)?;
            }
        }
        check!(!devices.contains(&Some(device)), HCCL_E_PARA, "rank table: {}device_id {device} is there twice", part.name);
        let last = list.len() - 1;
        match devices.get_mut(rank as usize) {
            Some(seat @ None) => *seat = Some(device),
            Some(_) => reject!(HCCL_E_PARA, "rank table: {}rank_id {rank} is there twice", part.name),
            None => reject!(HCCL_E_PARA, "rank table: {}rank_id is \"{rank}\": 0 to {last} are taken, one a device", part.name),
        }
    }
    Ok(devices.into_iter().flatten().collect())
}

/// That the pods name the server of the table.
fn check_pods(table: &Part, server: &str) -> Outcome {
    for pod in table.list("super_pod_list")? {
        pod.text("super_pod_id")?;
        for part in pod.list("server_list")? {
            let id = part.text("server_id")?;
            check!(id == server, HCCL_E_PARA, "rank table: {}server_id is \"{id}\", which server_list lacks", part.name);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICES: &str = r#"[{"device_id":"3","device_ip":"192.168.1.8","rank_id":"1"},{"device_id":"2","rank_id":"0"}]"#;

    fn table(version: &str, rest: &str, devices: &str) -> String {
        format!(
            r#"{{"version":"{version}","status":"completed","server_count":"1",
               "server_list":[{{"server_id":"node_0","device":{devices}}}]{rest}}}"#
        )
    }

    #[test]
    fn both_versions_are_read() {
        let pods = r#","super_pod_list":[{"super_pod_id":"0","server_list":[{"server_id":"node_0"}]}]"#;
        for text in [table("1.0", "", DEVICES), table("1.2", "", DEVICES), table("1.2", pods, DEVICES)] {
            let table = RankTable::parse(&text).unwrap();
            assert_eq!(table.devices, [2, 3]);
            assert!(table.check_rank(1, 3).is_ok());
            assert!(table.check_rank(1, 2).unwrap_err().text.contains("rank_id 1 on device_id 3"));
            assert!(table.check_rank(2, 2).unwrap_err().text.contains("0 to 1"));
        }
        let hash = |text: &str| RankTable::parse(text).unwrap().hash();
        let (one, other) = (table("1.0", "", DEVICES), table("1.0", "", &DEVICES.replace("\"2\"", "\"4\"")));
        assert_eq!(hash(&one), hash(&one.replace(',', " ,\n")));
        assert_ne!(hash(&one), hash(&other));
    }

    #[test]
    fn mistakes_are_named_by_their_key() {
        let good = table("1.0", "", DEVICES);
        for (from, to, words) in [
            ("1.0", "2.0", "version is \"2.0\""),
            ("\"1.0\"", "1.0", "version is a number: a text is taken"),
            ("completed", "initializing", "status is \"initializing\""),
            ("\"status\":\"completed\",", "", "status is missing"),
            ("\"server_count\":\"1\"", "\"server_count\":\"2\"", "server_count is \"2\", server_list has 1"),
            ("\"server_count\":\"1\"", "\"server_count\":\"one\"", "server_count is \"one\": a whole number"),
            ("node_0", "", "server_id is empty"),
            ("\"device_id\":\"2\"", "\"device_id\":2", "server_list[0].device[1].device_id is a number"),
            ("\"device_id\":\"2\"", "\"device_id\":\"3\"", "device_id 3 is there twice"),
            ("\"rank_id\":\"0\"", "\"rank_id\":\"1\"", "rank_id 1 is there twice"),
            ("\"rank_id\":\"0\"", "\"rank_id\":\"2\"", "rank_id is \"2\": 0 to 1"),
            ("192.168.1.8", "here", "device_ip is \"here\": an address"),
            (DEVICES, "[]", "server_list[0].device is empty"),
            (DEVICES, "{}", "server_list[0].device is an object: a list"),
            (DEVICES, "[1]", "server_list[0].device[0] is a number: an object"),
            ("{\"version\"", "{\"version\" 1", "at line 1"),
        ] {
            assert!(good.contains(from), "{from}");
            let refusal = RankTable::parse(&good.replacen(from, to, 1)).unwrap_err();
            assert!(refusal.code == HCCL_E_PARA && refusal.text.contains(words), "{words}: {}", refusal.text);
        }
        let two = format!(
            r#"{{"version":"1.0","status":"completed","server_count":"2","server_list":[
               {{"server_id":"a","device":{DEVICES}}},{{"server_id":"b","device":{DEVICES}}}]}}"#
        );
        let refusal = RankTable::parse(&two).unwrap_err();
        assert_eq!(refusal.code, ascend_rl_sys::codes::HCCL_E_NOT_SUPPORT);
        assert!(refusal.text.contains("server_count is \"2\": the simulator is one machine"), "{}", refusal.text);
        let missing = RankTable::read("/nonexistent/table.json").unwrap_err();
        assert!(missing.code == ascend_rl_sys::codes::HCCL_E_OPEN_FILE_FAILURE && missing.text.contains("/nonexistent"));
        let pods = r#","super_pod_list":[{"super_pod_id":"0","server_list":[{"server_id":"x"}]}]"#;
        let refusal = RankTable::parse(&table("1.2", pods, DEVICES)).unwrap_err();
        assert!(refusal.text.contains("super_pod_list[0].server_list[0].server_id is \"x\""), "{}", refusal.text);
    }
}
