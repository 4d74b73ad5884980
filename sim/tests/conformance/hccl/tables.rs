//! Communicators by a rank table: hcomm, `HcclCommInitClusterInfo`; hccl, user guide, `cluster_info_config`.

use std::ffi::CString;
use std::path::PathBuf;

use super::*;

/// A rank table of these devices in a file, which goes with this value.
pub(super) struct Table(PathBuf);

impl Table {
    pub(super) fn new(name: &str, devices: &[i32]) -> Table {
        let path = std::env::temp_dir().join(format!("cann-sim-test-{}-{name}.json", std::process::id()));
        let list: Vec<String> =
            devices.iter().enumerate().map(|(rank, id)| format!("{{\"device_id\":\"{id}\",\"rank_id\":\"{rank}\"}}")).collect();
        let text = format!(
            "{{\"version\":\"1.0\",\"status\":\"completed\",\"server_count\":\"1\",\"server_list\":[{{\"server_id\":\"{name}\",\
             \"device\":[{}]}}]}}",
            list.join(",")
        );
        std::fs::write(&path, text).unwrap();
        Table(path)
    }

    pub(super) fn path(&self) -> CString {
        CString::new(self.0.to_str().unwrap()).unwrap()
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn ranks_of_a_table_find_one_another() {
    let leases = Lease::several(3);
    let devices: Vec<i32> = leases.iter().map(|lease| lease.0).collect();
    let table = Table::new("threads", &devices);
    // Twice: the same table may be used again.
    for with_config in [false, true] {
        std::thread::scope(|scope| {
            for (rank, device) in devices.iter().enumerate() {
                let table = &table;
                scope.spawn(move || {
                    ok!(acl.aclrtSetDevice(*device));
                    let (mut comm, path) = (null_mut(), table.path());
                    if with_config {
                        hccl_ok!(HcclCommInitClusterInfoConfig(path.as_ptr(), rank as u32, &mut config(60), &mut comm));
                    } else {
                        hccl_ok!(HcclCommInitClusterInfo(path.as_ptr(), rank as u32, &mut comm));
                    }
                    let (x, stream) = (upload(&[1i32 << rank]), new_stream());
                    hccl_ok!(HcclAllReduce(x, x, 1, HCCL_DATA_TYPE_INT32, HCCL_REDUCE_SUM, comm, stream));
                    ok!(acl.aclrtSynchronizeStream(stream));
                    assert_eq!(download::<i32>(x, 1), [7]);
                    free(x);
                    hccl_ok!(HcclCommDestroy(comm));
                });
            }
        });
    }
}

#[test]
fn a_table_must_be_there_and_have_the_rank_on_the_device() {
    let lease = Lease::new();
    let table = Table::new("refusals", &[lease.0, 99]);
    let (path, mut comm) = (table.path(), null_mut());
    hccl_refused!(2, "clusterInfo is null", HcclCommInitClusterInfo(std::ptr::null(), 0, &mut comm));
    hccl_refused!(2, "comm is null", HcclCommInitClusterInfo(path.as_ptr(), 0, null_mut()));
    hccl_refused!(1, "rank is 2, the rank table has rank_id 0 to 1", HcclCommInitClusterInfo(path.as_ptr(), 2, &mut comm));
    hccl_refused!(1, "rank_id 1 on device_id 99", HcclCommInitClusterInfo(path.as_ptr(), 1, &mut comm));
    let nowhere = c"/nonexistent/table.json";
    hccl_refused!(10, "/nonexistent/table.json", HcclCommInitClusterInfo(nowhere.as_ptr(), 0, &mut comm));
    std::fs::write(path.to_str().unwrap(), "{\n\"version\": 1.0}").unwrap();
    hccl_refused!(1, "version is a number", HcclCommInitClusterInfo(path.as_ptr(), 0, &mut comm));
    std::fs::write(path.to_str().unwrap(), "{\n\"version\" 1.0}").unwrap();
    hccl_refused!(1, "line 2", HcclCommInitClusterInfo(path.as_ptr(), 0, &mut comm));
}
