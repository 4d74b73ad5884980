//! Ranks of this process; those of several are tested through C.

use super::*;

fn config() -> Config {
    Config { name: None, timeout: None }
}

#[test]
fn a_rank_that_does_not_come_is_named() {
    let info = Target::of(&open()).unwrap();
    std::thread::scope(|scope| {
        for rank in [0, 2] {
            let info = &info;
            scope.spawn(move || {
                let refusal = join(info, 4, rank, rank as u32, config(), Duration::from_millis(60)).err().unwrap();
                assert_eq!(refusal.code, ascend_rl_sys::codes::HCCL_E_TIMEOUT);
                // Whoever gives up first sees the other; that one then stands alone.
                assert!(refusal.text.contains("rank [1, 3]") || refusal.text.contains(", 3]"), "{}", refusal.text);
            });
        }
    });
}

#[test]
fn all_get_the_same_group_once() {
    let info = Target::of(&open()).unwrap();
    check(&info);
    let again = join(&info, 3, 0, 0, config(), Duration::from_secs(30)).err().unwrap();
    assert!(again.text.contains("used already"), "{}", again.text);
}

fn check(target: &Target) {
    std::thread::scope(|scope| {
        let join = |rank: usize| join(target, 3, rank, 5 - rank as u32, config(), Duration::from_secs(30)).unwrap();
        let others: Vec<_> = [2, 0].map(|rank| scope.spawn(move || join(rank))).into_iter().collect();
        let mine = join(1);
        assert_eq!(mine.devices, [5, 4, 3], "in the order of the ranks");
        assert!(mine.mesh.is_none(), "all are here");
        assert!(others.into_iter().all(|other| Arc::ptr_eq(&other.join().unwrap(), &mine)));
    });
}

/// The same table may be used again and again, by whoever comes first.
#[test]
fn a_rank_table_is_a_place_to_meet() {
    let table = Target::Table { hash: u64::from(std::process::id()) };
    (0..3).for_each(|_| check(&table));
    let alone = join(&table, 2, 1, 1, config(), Duration::from_millis(500)).err().unwrap();
    assert!(alone.text.contains("rank [0] to join"), "{}", alone.text);
    check(&table);
}

/// Where ranks of a table are to ask is a process that never gathers them.
#[test]
fn a_gathering_that_is_always_over_ends_with_the_time() {
    let hash = u64::from(std::process::id()) << 32;
    let door = table_door(hash);
    post().unwrap().listen(&door).unwrap();
    let alone = join(&Target::Table { hash }, 3, 1, 1, config(), Duration::from_millis(200)).err().unwrap();
    post().unwrap().close(&door);
    assert_eq!(alone.code, ascend_rl_sys::codes::HCCL_E_TIMEOUT);
    assert!(alone.text.contains("rank 1 of 3 waited 0.2 s for rank [0, 2] to join"), "{}", alone.text);
}

#[test]
fn bytes_that_are_no_root_info_and_processes_that_are_not_there() {
    let mut info = open();
    info.internal[20] ^= 1;
    let nobody = join(&Target::of(&info).unwrap(), 2, 0, 0, config(), Duration::from_secs(30)).err().unwrap();
    assert!(nobody.text.contains("cannot be reached") && nobody.text.contains("not on this machine"), "{}", nobody.text);
    info.internal[0] = 0;
    assert!(Target::of(&info).err().unwrap().text.contains("HcclGetRootInfo"));
}
