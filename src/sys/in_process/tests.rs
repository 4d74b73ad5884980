//! Whether the table of the tests is one that they can rely on, judged by values that the host computes.

use crate::acl::{CopyPart, Rows};
use crate::{Cann, DType, Device, ErrorKind, Tensor, ops};

#[test]
fn values_pass_through_it() {
    let device = Device::open(&Cann::in_process().unwrap(), 3).unwrap();
    let stream = device.stream().unwrap();
    let source: Vec<u32> = (0..600).map(|i| i * i).collect();
    let buffer = stream.upload(&source).unwrap();
    let mut rows = stream.zeros::<u32>(60).unwrap();
    stream.copy_2d(&buffer, &mut rows, Rows { height: 6, width: 10, src_pitch: 100, dst_pitch: 10 }).unwrap();
    let got = stream.download(&rows).unwrap();
    assert!((0..60).all(|i| got[i] == source[i / 10 * 100 + i % 10]));
    let parts = [CopyPart { src: 5, dst: 1, len: 2 }];
    let pinned = stream.receive_parts(&buffer, device.pinned(4).unwrap(), &parts).unwrap().wait().unwrap();
    assert_eq!(pinned[..], [0, 25, 36, 0]);

    let x = Tensor::from_slice(&stream, &[2, 3], &[0.1f32, -2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
    let mut half = Tensor::empty(&stream, &[3, 2], DType::BF16).unwrap();
    ops::copy(&stream, x.view().t(), &mut half).unwrap();
    let want = [0.1, 4.0, -2.0, 5.0, 3.0, 6.0].map(half::bf16::from_f32);
    assert_eq!(half.to_vec::<half::bf16>(&stream).unwrap(), want);
    let mut counts = Tensor::empty(&stream, &[3], DType::I64).unwrap();
    ops::fill(&stream, &mut counts, -7.0).unwrap();
    assert_eq!(counts.to_vec::<i64>(&stream).unwrap(), [-7; 3]);
}

#[test]
fn memory_ends() {
    let device = Device::open(&Cann::in_process().unwrap(), 2).unwrap();
    let error = device.stream().unwrap().alloc::<u8>(1 << 29).unwrap_err();
    assert_eq!((error.kind(), error.call()), (ErrorKind::OutOfMemory, Some("aclrtMalloc")));
    assert!(error.to_string().contains("the device has no more memory"), "{error}");
}
