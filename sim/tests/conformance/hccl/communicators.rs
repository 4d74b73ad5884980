//! Making, naming and ending communicators.

use super::*;

/// hccl, `HcclCommInitRootInfo`: blocks until all ranks are there; ranks and size are those given.
#[test]
fn ranks_of_a_root_info_find_one_another() {
    let names = ranks(3, 60, |r| {
        let (mut rank, mut size) = (9, 9);
        hccl_ok!(HcclGetRankId(r.comm, &mut rank));
        hccl_ok!(HcclGetRankSize(r.comm, &mut size));
        assert_eq!((rank as usize, size as usize), (r.rank, r.size));
        assert_eq!(r.async_error(), 0);
        r.name()
    });
    assert!(!names[0].is_empty() && names.iter().all(|name| *name == names[0]));
}

/// hccl, `HcclCommInitAll`: ranks in the order of the devices; a thread for each then calls.
#[test]
fn all_devices_of_the_process() {
    let leases = Lease::several(3);
    let mut devices: Vec<i32> = leases.iter().rev().map(|lease| lease.0).collect();
    let mut comms = [null_mut(); 3];
    hccl_ok!(HcclCommInitAll(3, devices.as_mut_ptr(), comms.as_mut_ptr()));
    let comms = comms.map(|comm| comm as usize);
    std::thread::scope(|scope| {
        for (i, device) in devices.iter().enumerate() {
            scope.spawn(move || {
                ok!(acl.aclrtSetDevice(*device));
                let (comm, stream, x) = (comms[i] as HcclComm, new_stream(), upload(&[1i32 << i]));
                hccl_ok!(HcclAllReduce(x, x, 1, HCCL_DATA_TYPE_INT32, HCCL_REDUCE_SUM, comm, stream));
                ok!(acl.aclrtSynchronizeStream(stream));
                assert_eq!(download::<i32>(x, 1), [7]);
                free(x);
                hccl_ok!(HcclCommDestroy(comm));
                hccl_refused!(1, "not a live communicator", HcclCommDestroy(comm));
            });
        }
    });
    let mut out = [null_mut(); 2];
    hccl_refused!(1, "twice", HcclCommInitAll(2, [1, 1].as_mut_ptr(), out.as_mut_ptr()));
    hccl_refused!(1, "deviceId is 64", HcclCommInitAll(2, [1, 64].as_mut_ptr(), out.as_mut_ptr()));
    hccl_refused!(1, "ndev is 0", HcclCommInitAll(0, [1].as_mut_ptr(), out.as_mut_ptr()));
    hccl_refused!(2, "devices is null", HcclCommInitAll(1, null_mut(), out.as_mut_ptr()));
    hccl_refused!(2, "comms is null", HcclCommInitAll(1, devices.as_mut_ptr(), null_mut()));
}

/// hccl, `HcclCreateSubCommConfig`: ascending ranks of a global communicator; ranks outside pass null and 0xFFFFFFFF; the default
/// name is the global one's with `_sub_` and the id.
#[test]
fn some_ranks_form_a_sub_communicator() {
    ranks(3, 60, |r| {
        let (mut sub, mut comm, mut config) = (null_mut(), r.comm, config(60));
        if r.rank == 1 {
            sub = 1 as HcclComm;
            hccl_ok!(HcclCreateSubCommConfig(&mut comm, 2, null_mut(), HCCL_NO_SUB_COMM, 0, &mut config, &mut sub));
            return assert!(sub.is_null());
        }
        let own = (r.rank / 2) as u32;
        let mut create = |ranks: &mut [u32], id: u64, own: u32, sub: &mut HcclComm| {
            let function = api().hccl.HcclCreateSubCommConfig.unwrap();
            recent();
            // SAFETY: live variables and a checked handle.
            let code = unsafe { function(&mut comm, ranks.len() as u32, ranks.as_mut_ptr(), id, own, &mut config, sub) };
            (code, recent())
        };
        for (ranks, own, words) in [
            (&mut [2, 0][..], own, "ascending"),
            (&mut [0, 0, 2], own, "ascending"),
            (&mut [0, 3], own, "below 3"),
            (&mut [0, 2], 1 - own, "subCommRankId"),
            (&mut [0, 2], 7, "subCommRankId"),
        ] {
            let (code, text) = create(ranks, 6, own, &mut sub);
            assert!(code == 1 && text.contains(words), "{code} {text}");
        }
        assert_eq!(create(&mut [0, 2], 5, own, &mut sub).0, 0);
        let (code, text) = create(&mut [0, 2], 5, own, &mut sub);
        assert!(code == 1 && text.contains("already"), "{text}");
        let x = upload(&[1i32 << r.rank]);
        hccl_ok!(HcclAllReduce(x, x, 1, HCCL_DATA_TYPE_INT32, HCCL_REDUCE_SUM, sub, r.stream));
        r.sync();
        assert_eq!(download::<i32>(x, 1), [0b101]);
        let mut name = [0; COMM_NAME_MAX_LENGTH];
        hccl_ok!(HcclGetCommName(sub, name.as_mut_ptr().cast()));
        assert_eq!(CStr::from_bytes_until_nul(&name).unwrap().to_str().unwrap(), format!("{}_sub_5", r.name()));
        hccl_refused!(
            5,
            "global",
            HcclCreateSubCommConfig(&mut sub.clone(), 1, [0].as_mut_ptr(), 1, 0, &mut self::config(9), &mut sub)
        );
        hccl_ok!(HcclCommDestroy(sub));
    });
}

#[test]
fn members_of_a_sub_communicator_must_agree() {
    ranks(2, 60, |r| {
        let (mut sub, mut comm, mut config) = (null_mut(), r.comm, config(60));
        if r.rank == 1 {
            r.all.wait();
            hccl_refused!(
                1,
                "another rank made subCommId 3",
                HcclCreateSubCommConfig(&mut comm, 1, [1].as_mut_ptr(), 3, 0, &mut config, &mut sub)
            );
            config.hcclCommName[0] = b'z';
            hccl_refused!(1, "the name", HcclCreateSubCommConfig(&mut comm, 2, [0, 1].as_mut_ptr(), 3, 1, &mut config, &mut sub));
        } else {
            hccl_ok!(HcclCreateSubCommConfig(&mut comm, 2, [0, 1].as_mut_ptr(), 3, 0, &mut config, &mut sub));
            r.all.wait();
        }
    });
}

/// `hccl_types.h`: names of up to 127 characters, the same on all ranks.
#[test]
fn a_configured_name_is_the_name() {
    let leases = Lease::several(1);
    leases[0].enter();
    let (mut info, mut comm, mut config) = (HcclRootInfo { internal: [0; 4108] }, null_mut(), config(-1));
    config.hcclCommName[..4].copy_from_slice(b"dp_0");
    hccl_ok!(HcclGetRootInfo(&mut info));
    hccl_ok!(HcclCommInitRootInfoConfig(1, &info, 0, &config, &mut comm));
    let mut name = [1; COMM_NAME_MAX_LENGTH];
    hccl_ok!(HcclGetCommName(comm, name.as_mut_ptr().cast()));
    assert_eq!(&name[..5], b"dp_0\0");
    hccl_refused!(1, "used already", HcclCommInitRootInfo(1, &info, 0, &mut comm));
    hccl_ok!(HcclCommDestroy(comm));
    // hcomm, comm_config.cc (Load): of any size and version, a newer one too; only the magic word is looked at.
    let newer = HcclCommConfig { version: 99, size: 1 << 20, ..HcclCommConfig::new(12) };
    let cut = HcclCommConfig { version: 11, size: 100, ..HcclCommConfig::new(12) };
    for config in [HcclCommConfig::new(5), HcclCommConfig::new(6), HcclCommConfig::new(12), newer, cut] {
        hccl_ok!(HcclGetRootInfo(&mut info));
        hccl_ok!(HcclCommInitRootInfoConfig(1, &info, 0, &config, &mut comm));
        hccl_ok!(HcclCommDestroy(comm));
    }
}

/// `hccl_types.h`, and the words of the open source HCCL.
#[test]
fn options_and_words() {
    assert_eq!(hccl!(HcclGetCommConfigCapability()), 12);
    hccl_refused!(1, "configValue", HcclSetConfig(HCCL_DETERMINISTIC, HcclConfigValue { value: 7 }));
    hccl_refused!(1, "config is 3", HcclSetConfig(HcclConfig(3), HcclConfigValue { value: 1 }));
    let mut value = HcclConfigValue { value: 9 };
    hccl_ok!(HcclSetConfig(HCCL_DETERMINISTIC, HcclConfigValue { value: 1 }));
    hccl_ok!(HcclGetConfig(HCCL_DETERMINISTIC, &mut value));
    // SAFETY: the union's only member.
    assert_eq!(unsafe { value.value }, 1);
    hccl_refused!(2, "configValue is null", HcclGetConfig(HCCL_DETERMINISTIC, null_mut()));
    for (code, words) in [(0, c"no error"), (1, c"parameter error"), (9, c"timeout"), (21, c"error cqe"), (-1, c"unknown error")]
    {
        let text = hccl!(HcclGetErrorString(code));
        // SAFETY: a C string of the library.
        assert_eq!(unsafe { CStr::from_ptr(text) }, words);
    }
}
