//! What launchers set, as a map.

use super::*;
use std::collections::BTreeMap;

fn launch(variables: &[(&str, &str)]) -> Result<Option<Launch>> {
    let map: BTreeMap<_, _> = variables.iter().copied().collect();
    Launch::from_variables(&|name| map.get(name).map(|value| (*value).to_owned()))
}

fn some(variables: &[(&str, &str)]) -> Launch {
    launch(variables).unwrap().unwrap()
}

#[track_caller]
fn refused(variables: &[(&str, &str)], parts: &[&str]) {
    let error = launch(variables).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
    let text = error.to_string();
    assert!(parts.iter().all(|part| text.contains(part)) && !text.contains('\n'), "{variables:?}: {text}");
}

const TORCHRUN: [(&str, &str); 6] = [
    ("RANK", "5"),
    ("WORLD_SIZE", "8"),
    ("LOCAL_RANK", "1"),
    ("LOCAL_WORLD_SIZE", "4"),
    ("MASTER_ADDR", "node01"),
    ("MASTER_PORT", "29500"),
];

fn with<'a>(base: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let changed = |name: &str| more.iter().any(|(other, _)| *other == name);
    base.iter().filter(|(name, _)| !changed(name)).chain(more).copied().collect()
}

#[test]
fn nothing_is_said_where_nothing_is_set() {
    assert!(launch(&[]).unwrap().is_none());
    assert!(launch(&[("MASTER_ADDR", "node01"), ("RANK", ""), ("HOME", "/root")]).unwrap().is_none());
}

#[test]
fn torchrun() {
    let launch = some(&TORCHRUN);
    assert_eq!((launch.launcher(), launch.rank(), launch.size()), (Launcher::Torchrun, 5, 8));
    assert_eq!((launch.local_rank(), launch.local_size()), (1, Some(4)));
    assert_eq!(launch.address(), Some(("node01", 29500)));
    let text = format!("{launch:?}");
    assert_eq!(text, "rank 5 of 8, started by torchrun, that meet at node01:29500 (MASTER_ADDR, MASTER_PORT)");
    // Its agents have a server of their own on that port.
    let agent = some(&with(&TORCHRUN, &[("TORCHELASTIC_USE_AGENT_STORE", "True")]));
    assert_eq!(agent.address(), Some(("node01", 29501)));
    assert!(agent.meeting_place().contains("MASTER_PORT + 1"));
    assert_eq!(some(&with(&TORCHRUN, &[("TORCHELASTIC_USE_AGENT_STORE", "False")])).address(), Some(("node01", 29500)));
}

#[test]
fn openmpi_on_one_host_meets_at_a_file_of_its_job() {
    let variables = [
        ("OMPI_COMM_WORLD_RANK", "3"),
        ("OMPI_COMM_WORLD_SIZE", "4"),
        ("OMPI_COMM_WORLD_LOCAL_RANK", "3"),
        ("OMPI_COMM_WORLD_LOCAL_SIZE", "4"),
        ("PMIX_NAMESPACE", "host-1234@1"),
        ("TMPDIR", "/scratch"),
    ];
    let launch = some(&variables);
    assert_eq!((launch.launcher(), launch.rank(), launch.size(), launch.local_rank()), (Launcher::OpenMpi, 3, 4, 3));
    let user = place::user();
    assert_eq!(launch.meeting_place(), format!("the file /scratch/ascend-rl-{user}-host-1234_1"));
    assert_ne!(launch.job, some(&with(&variables, &[("PMIX_NAMESPACE", "host-1234@2")])).job);
    refused(
        &with(&variables, &[("OMPI_COMM_WORLD_LOCAL_SIZE", "2"), ("OMPI_COMM_WORLD_LOCAL_RANK", "1")]),
        &["4 ranks", "OpenMPI", "MASTER_ADDR", "MASTER_PORT"],
    );
    let named = some(&with(&variables, &[("MASTER_ADDR", "a"), ("MASTER_PORT", "1")]));
    assert_eq!(named.address(), Some(("a", 1)));
}

#[test]
fn mpich_names_its_job_by_its_launcher() {
    let variables = [("PMI_RANK", "1"), ("PMI_SIZE", "2"), ("MPI_LOCALRANKID", "1"), ("MPI_LOCALNRANKS", "2")];
    let launch = some(&variables);
    assert_eq!((launch.launcher(), launch.local_size()), (Launcher::Mpich, Some(2)));
    let parent = std::os::unix::process::parent_id();
    assert!(launch.meeting_place().ends_with(&format!("-child-of-{parent}")), "{}", launch.meeting_place());
    refused(&variables[..2], &["PMI_RANK, PMI_SIZE set, but not MPI_LOCALRANKID"]);
}

const SLURM: [(&str, &str); 7] = [
    ("SLURM_STEP_ID", "0"),
    ("SLURM_JOB_ID", "77"),
    ("SLURM_PROCID", "9"),
    ("SLURM_NTASKS", "16"),
    ("SLURM_LOCALID", "1"),
    ("SLURM_NNODES", "2"),
    ("SLURM_NODELIST", "atlas[03-04]"),
];

#[test]
fn slurm_meets_at_its_first_host() {
    let launch = some(&SLURM);
    assert_eq!((launch.launcher(), launch.rank(), launch.size(), launch.local_rank()), (Launcher::Slurm, 9, 16, 1));
    assert_eq!(launch.address(), Some(("atlas03", 29500)));
    assert_eq!(some(&with(&SLURM, &[("MASTER_ADDR", "b"), ("MASTER_PORT", "7")])).address(), Some(("b", 7)));
    let one = some(&with(&SLURM, &[("SLURM_NNODES", "1"), ("SLURM_LOCALID", "9")]));
    assert!(one.meeting_place().ends_with("-77.0"), "{}", one.meeting_place());
    assert_eq!(one.local_size(), Some(16));
    // The step's own number of tasks goes before the job's.
    assert_eq!(some(&with(&SLURM, &[("SLURM_STEP_NUM_TASKS", "12")])).size(), 12);
}

#[test]
fn slurm_says_nothing_in_a_batch_script_nor_about_what_another_launcher_started() {
    assert!(launch(&SLURM[1..]).unwrap().is_none());
    let inner = some(&with(&SLURM, &TORCHRUN));
    assert_eq!((inner.launcher(), inner.rank(), inner.size()), (Launcher::Torchrun, 5, 8));
    // `srun` speaks PMI too, and leaves the place on the host to its own variable.
    let pmi = some(&with(&SLURM, &[("PMI_RANK", "9"), ("PMI_SIZE", "16")]));
    assert_eq!((pmi.launcher(), pmi.local_rank()), (Launcher::Slurm, 1));
}

#[test]
fn parts_of_a_set_and_contradictions_are_named() {
    refused(&[("RANK", "0")], &["RANK set, but not WORLD_SIZE, LOCAL_RANK", "torchrun"]);
    refused(&[("WORLD_SIZE", "2"), ("LOCAL_RANK", "0")], &["WORLD_SIZE, LOCAL_RANK set, but not RANK"]);
    refused(&TORCHRUN[..4], &["MASTER_ADDR", "MASTER_PORT", "29500"]);
    refused(&TORCHRUN[..5], &["MASTER_ADDR is set, but not MASTER_PORT"]);
    refused(&with(&TORCHRUN[..4], &[("MASTER_PORT", "1")]), &["MASTER_PORT is set, but not MASTER_ADDR"]);
    refused(&with(&TORCHRUN, &[("MASTER_PORT", "http")]), &["MASTER_PORT=\"http\""]);
    refused(&with(&TORCHRUN, &[("RANK", "8")]), &["RANK=8", "WORLD_SIZE=8", "0 to 7"]);
    refused(&with(&TORCHRUN, &[("RANK", "-1")]), &["RANK=\"-1\" is no whole number"]);
    refused(&with(&TORCHRUN, &[("LOCAL_RANK", "4")]), &["LOCAL_RANK=4", "LOCAL_WORLD_SIZE=4"]);
    refused(&with(&TORCHRUN, &[("LOCAL_WORLD_SIZE", "9")]), &["LOCAL_WORLD_SIZE=9", "WORLD_SIZE=8 in all"]);
    refused(&with(&TORCHRUN, &[("WORLD_SIZE", "0"), ("RANK", "0")]), &["WORLD_SIZE=0"]);
    refused(&with(&TORCHRUN, &[("HCCL_CONNECT_TIMEOUT", "3")]), &["HCCL_CONNECT_TIMEOUT=\"3\": 120 to 7200"]);
    let both = [("OMPI_COMM_WORLD_RANK", "1"), ("OMPI_COMM_WORLD_SIZE", "8"), ("OMPI_COMM_WORLD_LOCAL_RANK", "1")];
    refused(&with(&TORCHRUN, &both), &["contradict", "RANK=5", "OMPI_COMM_WORLD_RANK=1", "unset"]);
    let same = [("OMPI_COMM_WORLD_RANK", "5"), ("OMPI_COMM_WORLD_SIZE", "8"), ("OMPI_COMM_WORLD_LOCAL_RANK", "1")];
    assert_eq!(some(&with(&TORCHRUN, &same)).launcher(), Launcher::Torchrun);
}

#[test]
fn the_place_can_be_said_in_any_case() {
    let at = |url: &'static str| {
        launch(&with(&TORCHRUN, &[("ASCEND_RL_RENDEZVOUS", url)])).map(|launch| launch.unwrap().meeting_place())
    };
    assert_eq!(at("file:///shared/job7").unwrap(), "the file /shared/job7");
    assert_eq!(at("tcp://10.0.0.7:700").unwrap(), "10.0.0.7:700 (ASCEND_RL_RENDEZVOUS)");
    assert_eq!(at("tcp://[fe80::1]:700").unwrap(), "[fe80::1]:700 (ASCEND_RL_RENDEZVOUS)");
    for bad in ["/shared/job7", "file://relative", "tcp://host", "tcp://:5", "tcp://host:0", "http://host:80"] {
        assert!(at(bad).unwrap_err().to_string().contains("tcp://HOST:PORT or file:///PATH"), "{bad}");
    }
}

#[test]
fn a_rank_table_says_who_sits_where() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ranks.json");
    std::fs::write(
        &path,
        r#"{"version":"1.0","status":"completed","server_count":"1","server_list":[{"server_id":"a","device":[
            {"device_id":"6","rank_id":"1"},{"device_id":"4","rank_id":"0"}]}]}"#,
    )
    .unwrap();
    let table = ("RANK_TABLE_FILE", path.to_str().unwrap());
    let one = some(&[table, ("RANK_ID", "1")]);
    assert_eq!((one.launcher(), one.rank(), one.size(), one.local_rank()), (Launcher::RankTable, 1, 2, 1));
    assert_eq!((one.ordinal(8).unwrap(), one.address()), (6, None));
    assert!(one.ordinal(4).unwrap_err().to_string().contains("its device 6 of the rank table"));
    assert_eq!(some(&[table, ("RANK_ID", "1"), ("ASCEND_RT_VISIBLE_DEVICES", "4,6")]).ordinal(2).unwrap(), 1);
    let launched = [("RANK", "0"), ("WORLD_SIZE", "2"), ("LOCAL_RANK", "0")];
    assert_eq!(some(&with(&launched, &[table])).launcher(), Launcher::Torchrun);
    refused(&[table], &["RANK_TABLE_FILE is set", "RANK_ID"]);
    refused(&[table, ("RANK_ID", "2")], &["rank 2 is not in RANK_TABLE_FILE", "0 to 1"]);
    refused(&[table, ("RANK_ID", "0"), ("RANK_SIZE", "4")], &["RANK_SIZE=4", "2 ranks"]);
    refused(&with(&launched, &[table, ("WORLD_SIZE", "4")]), &["RANK_TABLE_FILE has 2 ranks", "torchrun has started 4"]);
    refused(&with(&launched, &[table, ("RANK_ID", "1")]), &["RANK_ID=1", "torchrun has made this rank 0"]);
    let gone = launch(&[("RANK_TABLE_FILE", "/nowhere.json"), ("RANK_ID", "0")]).err().unwrap();
    assert!(gone.kind() == ErrorKind::Io && gone.to_string().starts_with("RANK_TABLE_FILE: rank table /nowhere.json"), "{gone}");
}

#[test]
fn devices_go_by_the_place_on_the_host() {
    let launch = some(&TORCHRUN);
    assert_eq!(launch.ordinal(8).unwrap(), 1);
    let error = launch.ordinal(1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoDevice);
    assert!(error.to_string().contains("number 1 of its host, which has 1 visible devices"), "{error}");
    // A launcher that gives each process one device.
    assert_eq!(some(&with(&TORCHRUN, &[("ASCEND_RT_VISIBLE_DEVICES", "5")])).ordinal(1).unwrap(), 0);
}
