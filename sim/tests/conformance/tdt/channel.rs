use super::*;

fn item(values: &[f32], dims: &[i64]) -> *mut acltdtDataItem {
    let (data, bytes) = (values.as_ptr() as *mut c_void, size_of_val(values));
    given!(tdt.acltdtCreateDataItem(ACL_TENSOR_DATA_TENSOR, dims.as_ptr(), dims.len(), ACL_FLOAT, data, bytes))
}

fn dataset(items: &[*mut acltdtDataItem]) -> *mut acltdtDataset {
    let dataset = given!(tdt.acltdtCreateDataset());
    items.iter().for_each(|item| ok!(tdt?.acltdtAddDataItem(dataset, *item)));
    dataset
}

fn channel(capacity: usize) -> *mut acltdtChannelHandle {
    given!(tdt.acltdtCreateChannelWithCapacity(0, c"conformance".as_ptr(), capacity))
}

fn size(channel: *mut acltdtChannelHandle) -> usize {
    let mut size = 99;
    ok!(tdt?.acltdtQueryChannelSize(channel, &mut size));
    size
}

fn values(item: *mut acltdtDataItem) -> Vec<f32> {
    let (data, bytes) = (given!(tdt.acltdtGetDataAddrFromItem(item)), given!(tdt.acltdtGetDataSizeFromItem(item)));
    // SAFETY: an item of the program's values, or a received one, has so many bytes there.
    (0..bytes / 4).map(|i| unsafe { data.cast::<f32>().add(i).read_unaligned() }).collect()
}

fn dims(item: *mut acltdtDataItem) -> Vec<i64> {
    let mut dims = vec![-1; given!(tdt.acltdtGetDimNumFromItem(item))];
    ok!(tdt?.acltdtGetDimsFromItem(item, dims.as_mut_ptr(), dims.len()));
    dims
}

// tdt_channel/0_simple_channel: what is sent is received, with its shape, dtype and data; the copy is the channel's own.
#[test]
fn what_is_sent_is_received() {
    let _lease = Lease::new();
    let (mut data, channel) = ([1f32, 2., 3., 4.], channel(2));
    let (first, second) = (item(&data, &[2, 2]), item(&[7f32], &[1]));
    let end = given!(tdt.acltdtCreateDataItem(
        ACL_TENSOR_DATA_END_OF_SEQUENCE,
        std::ptr::null(),
        0,
        ACL_FLOAT,
        data.as_mut_ptr().cast(),
        16
    ));
    let sent = dataset(&[first, second, end]);
    ok!(tdt?.acltdtSendTensor(channel, sent, 1000));
    data = [0.0; 4];
    std::hint::black_box(&mut data);
    assert_eq!(size(channel), 1);
    let received = dataset(&[]);
    ok!(tdt?.acltdtReceiveTensor(channel, received, 1000));
    assert_eq!((size(channel), given!(tdt.acltdtGetDatasetSize(received))), (0, 3));
    let at = |i| given!(tdt.acltdtGetDataItem(received, i));
    assert_eq!((values(at(0)), dims(at(0))), (vec![1., 2., 3., 4.], vec![2, 2]));
    assert_eq!((values(at(1)), dims(at(1))), (vec![7.], vec![1]));
    assert_eq!(given!(tdt.acltdtGetTensorTypeFromItem(at(0))), ACL_TENSOR_DATA_TENSOR);
    assert_eq!(given!(tdt.acltdtGetDataTypeFromItem(at(0))), ACL_FLOAT);
    // What is no tensor has no data and no dtype.
    assert_eq!(given!(tdt.acltdtGetTensorTypeFromItem(at(2))), ACL_TENSOR_DATA_END_OF_SEQUENCE);
    assert_eq!(given!(tdt.acltdtGetDataTypeFromItem(at(2))), ACL_DT_UNDEFINED);
    assert!(values(at(2)).is_empty() && given!(tdt.acltdtGetDataAddrFromItem(at(2))).is_null());
    let name = given!(tdt.acltdtGetDatasetName(received));
    // SAFETY: a C string that lives as long as the dataset.
    assert_eq!(unsafe { CStr::from_ptr(name) }, c"");
    let (mut slices, mut slice) = (9, 9);
    ok!(tdt?.acltdtGetSliceInfoFromItem(at(0), &mut slices, &mut slice));
    assert_eq!((slices, slice), (0, 0));
    // What was received is the dataset's: it goes with the next, and none can be added.
    let before = at(0);
    refused!(200006, "none can be added", tdt?.acltdtAddDataItem(received, second));
    let next = dataset(&[second]);
    ok!(tdt?.acltdtSendTensor(channel, next, 0));
    ok!(tdt?.acltdtReceiveTensor(channel, received, 0));
    assert_eq!((given!(tdt.acltdtGetDatasetSize(received)), values(at(0))), (1, vec![7.]));
    refused!(100000, "not a live item", tdt?.acltdtDestroyDataItem(before));
    ok!(tdt?.acltdtDestroyDataset(received));
    // Items that were added outlive their dataset.
    ok!(tdt?.acltdtDestroyDataset(sent));
    ok!(tdt?.acltdtDestroyDataset(next));
    [first, second, end].into_iter().for_each(|item| ok!(tdt?.acltdtDestroyDataItem(item)));
    ok!(tdt?.acltdtStopChannel(channel));
    ok!(tdt?.acltdtDestroyChannel(channel));
}

// tdt_channel/1_channel_capacity: a full channel takes nothing more until somebody receives, an empty one gives nothing; 0 does not wait,
// a number waits so many milliseconds, -1 until it is so. acltdtCleanChannel empties it.
#[test]
fn full_and_empty_channels() {
    let _lease = Lease::new();
    let (channel, sent, received) = (channel(2), dataset(&[item(&[5.0], &[1])]), dataset(&[]));
    refused!(207013, "empty", tdt?.acltdtReceiveTensor(channel, received, 0));
    ok!(tdt?.acltdtSendTensor(channel, sent, 0));
    ok!(tdt?.acltdtSendTensor(channel, sent, 0));
    assert_eq!(size(channel), 2);
    refused!(207014, "as many as it can", tdt?.acltdtSendTensor(channel, sent, 0));
    let waited = took(|| refused!(207014, "as many as it can", tdt?.acltdtSendTensor(channel, sent, 30)));
    assert!(waited >= Duration::from_millis(30), "{waited:?}");
    refused!(107000, "timeout is -2", tdt?.acltdtSendTensor(channel, sent, -2));
    let (channel_at, sent_at) = (channel as usize, sent as usize);
    let sender = std::thread::spawn(move || {
        ok!(tdt?.acltdtSendTensor(channel_at as *const _, sent_at as *const _, -1));
    });
    std::thread::sleep(Duration::from_millis(20));
    assert!(!sender.is_finished());
    ok!(tdt?.acltdtReceiveTensor(channel, received, -1));
    sender.join().unwrap();
    assert_eq!(size(channel), 2);
    ok!(tdt?.acltdtCleanChannel(channel));
    assert_eq!(size(channel), 0);
    let waited = took(|| refused!(207013, "empty", tdt?.acltdtReceiveTensor(channel, received, 30)));
    assert!(waited >= Duration::from_millis(30), "{waited:?}");
    // Who waits when it is destroyed is told.
    let received_at = received as usize;
    let receiver = std::thread::spawn(move || {
        refused!(
            107017,
            "destroyed by another thread",
            tdt?.acltdtReceiveTensor(channel_at as *const _, received_at as *mut _, -1)
        );
    });
    std::thread::sleep(Duration::from_secs(1));
    ok!(tdt?.acltdtDestroyChannel(channel));
    receiver.join().unwrap();
    refused!(100000, "not a live channel", tdt?.acltdtSendTensor(channel, sent, 0));
}

// tensor_data_transfer.cpp (acltdtAddDataItem): data of a device goes through a channel as well; the two sides do not mix in a dataset.
#[test]
fn data_of_a_device() {
    let _lease = Lease::new();
    let (channel, ptr) = (channel(2), upload(&[3f32, 4.]));
    let of_device = given!(tdt.acltdtCreateDataItem(ACL_TENSOR_DATA_TENSOR, [2].as_ptr(), 1, ACL_FLOAT, ptr, 8));
    let (sent, received) = (dataset(&[of_device]), dataset(&[]));
    refused!(100000, "on one side", tdt?.acltdtAddDataItem(sent, item(&[1.0], &[1])));
    ok!(tdt?.acltdtSendTensor(channel, sent, 0));
    ok!(tdt?.acltdtReceiveTensor(channel, received, 0));
    assert_eq!(values(given!(tdt.acltdtGetDataItem(received, 0))), [3., 4.]);
    ok!(acl.aclrtFree(ptr));
    refused!(107000, "live allocation", tdt?.acltdtSendTensor(channel, sent, 0));
    ok!(tdt?.acltdtDestroyChannel(channel));
}

/// A null, with these words.
macro_rules! nothing {
    ($words:literal, $name:ident($($arg:expr),* $(,)?)) => {{
        let (given, text) = asked!(tdt.$name($($arg),*));
        assert!(given.is_null() && text.contains(stringify!($name)) && text.contains($words), "{text:?} lacks {:?}", $words);
    }};
}

// tensor_data_transfer.cpp: the checks of items, datasets and channels.
#[test]
fn arguments_of_channels() {
    let _lease = Lease::new();
    let (tensor, two) = (ACL_TENSOR_DATA_TENSOR, [1i64; 200]);
    let create = |kind, dims, n| asked!(tdt.acltdtCreateDataItem(kind, dims, n, ACL_FLOAT, null_mut(), 0));
    assert!(create(tensor, two.as_ptr(), 0).1.contains("dimNum is 0"));
    assert!(create(tensor, std::ptr::null(), 1).1.contains("dimNum is 1"));
    assert!(create(tensor, two.as_ptr(), 129).1.contains("at most 128"));
    let (refusal, text) = create(ACL_TENSOR_DATA_ABNORMAL, two.as_ptr(), 2);
    assert!(refusal.is_null() && text.contains("no tensor"), "{text}");
    let one = item(&[1.0], &[1, 1]);
    let mut got = [0; 2];
    refused!(100000, "the item has 2 dims", tdt?.acltdtGetDimsFromItem(one, got.as_mut_ptr(), 1));
    refused!(100000, "dimNum is 0", tdt?.acltdtGetDimsFromItem(one, got.as_mut_ptr(), 0));
    assert_eq!(asked!(tdt.acltdtGetTensorTypeFromItem(std::ptr::null())).0, ACL_TENSOR_DATA_UNDEFINED);
    assert_eq!(asked!(tdt.acltdtGetDataSizeFromItem(std::ptr::null())).0, 0);

    let sent = dataset(&[one]);
    nothing!("dataset has 1 items", acltdtGetDataItem(sent, 1));
    refused!(100000, "dataItem is null", tdt?.acltdtAddDataItem(sent, null_mut()));
    refused!(100000, "dataset is null", tdt?.acltdtDestroyDataset(null_mut()));

    nothing!("name is null", acltdtCreateChannelWithCapacity(0, std::ptr::null(), 2));
    nothing!("deviceId is 99", acltdtCreateChannelWithCapacity(99, c"a".as_ptr(), 2));
    nothing!("capacity is 1", acltdtCreateChannelWithCapacity(0, c"a".as_ptr(), 1));
    nothing!("capacity is 8193", acltdtCreateChannelWithCapacity(0, c"a".as_ptr(), 8193));
    let long = std::ffi::CString::new("x".repeat(128)).unwrap();
    nothing!("name has 128 bytes", acltdtCreateChannelWithCapacity(0, long.as_ptr(), 2));
    nothing!("acltdtCreateChannelWithCapacity", acltdtCreateChannel(0, c"a".as_ptr()));
    let channel = channel(8192);
    refused!(100000, "must be empty", tdt?.acltdtReceiveTensor(channel, sent, 0));
    refused!(100000, "dataset is null", tdt?.acltdtSendTensor(channel, std::ptr::null(), 0));
    refused!(100000, "handle is null", tdt?.acltdtSendTensor(std::ptr::null(), sent, 0));
    refused!(100000, "size is null", tdt?.acltdtQueryChannelSize(channel, null_mut()));
    let slice = given!(tdt.acltdtCreateDataItem(ACL_TENSOR_DATA_SLICE_TENSOR, std::ptr::null(), 0, ACL_FLOAT, null_mut(), 0));
    refused!(100000, "is not sent", tdt?.acltdtSendTensor(channel, dataset(&[slice]), 0));
    ok!(tdt?.acltdtDestroyDataItem(one));
    refused!(100000, "an item that is gone", tdt?.acltdtSendTensor(channel, sent, 0));
    ok!(tdt?.acltdtDestroyChannel(channel));
}
