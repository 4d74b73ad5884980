//! Layouts that cannot be: one line that names the tensor, the elements and the rank.

use crate::error::ErrorKind;
use crate::reshard::*;

fn tensors() -> Vec<TensorSpec> {
    vec![TensorSpec::matrix("up", 6, 4), TensorSpec::vector("norm", 4)]
}

fn flat(tensor: usize, range: std::ops::Range<usize>, buffer: usize, offset: usize) -> Piece {
    Piece::dense(tensor, Region::Flat(range), buffer, offset)
}

fn layout(ranks: &[&[Piece]]) -> Layout {
    Layout { ranks: ranks.iter().map(|pieces| pieces.to_vec()).collect() }
}

#[track_caller]
fn refused(from: &Layout, to: &Layout, kind: ErrorKind, text: &str) {
    let error = Plan::new(&tensors(), from, to).unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, text));
}

#[test]
fn what_nobody_holds() {
    let to = layout(&[&[], &[flat(0, 0..24, 0, 0)]]);
    let from = layout(&[&[flat(0, 0..9, 0, 0)], &[flat(0, 11..24, 0, 0)]]);
    refused(&from, &to, ErrorKind::Argument, "reshard: up: no rank holds elements 9..11 that rank 1 needs");
    let block = |rows, cols| Piece::dense(0, Region::Block { rows, cols }, 0, 0);
    let from = layout(&[&[block(0..6, 0..2)], &[block(0..3, 2..4)]]);
    refused(&from, &to, ErrorKind::Argument, "reshard: up: no rank holds elements 14..16 that rank 1 needs");
    let none = layout(&[&[], &[]]);
    refused(&none, &to, ErrorKind::Argument, "reshard: up: no rank holds elements 0..24 that rank 1 needs");
}

#[test]
fn what_is_outside() {
    let all = layout(&[&[flat(0, 0..24, 0, 0)]]);
    let bad = layout(&[&[flat(0, 20..25, 0, 0)]]);
    refused(&all, &bad, ErrorKind::Length, "reshard: up: elements 20..25 are outside 0..24 (rank 0 of the destination)");
    refused(&bad, &all, ErrorKind::Length, "reshard: up: elements 20..25 are outside 0..24 (rank 0 of the source)");
    let bad = layout(&[&[Piece::dense(0, Region::Block { rows: 0..7, cols: 0..4 }, 0, 0)]]);
    refused(&all, &bad, ErrorKind::Length, "reshard: up: rows 0..7 are outside 0..6 (rank 0 of the destination)");
    #[allow(clippy::reversed_empty_ranges)]
    let bad = layout(&[&[Piece::dense(0, Region::Block { rows: 0..6, cols: 3..2 }, 0, 0)]]);
    refused(&all, &bad, ErrorKind::Length, "reshard: up: columns 3..2 are outside 0..4 (rank 0 of the destination)");
    let bad = layout(&[&[flat(2, 0..1, 0, 0)]]);
    refused(&all, &bad, ErrorKind::Argument, "reshard: there is no tensor 2: the list has 2 (rank 0 of the destination)");
    let bad = layout(&[&[flat(1, 0..4, usize::MAX, 0)]]);
    assert_eq!(Plan::new(&tensors(), &all, &bad).unwrap_err().kind(), ErrorKind::Argument);
    let bad = layout(&[&[flat(1, 0..4, 0, usize::MAX - 2)]]);
    assert_eq!(Plan::new(&tensors(), &all, &bad).unwrap_err().kind(), ErrorKind::Length);
    let huge = [TensorSpec::matrix("huge", usize::MAX, 2)];
    let error = Plan::new(&huge, &layout(&[&[]]), &layout(&[&[]])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Shape);
}

#[test]
fn what_overlaps() {
    let all = layout(&[&[flat(0, 0..24, 0, 0), flat(1, 0..4, 0, 24)]]);
    let bad = layout(&[&[flat(0, 0..10, 0, 0), flat(0, 7..24, 0, 10)]]);
    let text = "reshard: up: elements 7..8 overlap another piece (rank 0 of the destination)";
    refused(&all, &bad, ErrorKind::Argument, text);
    let bad = layout(&[&[flat(0, 0..10, 0, 0), flat(1, 0..4, 0, 9)]]);
    let text = "reshard: norm: elements 0..4 overlap another piece, in the place of up (rank 0 of the destination)";
    refused(&all, &bad, ErrorKind::Argument, text);
    // Columns interleaved in one matrix are apart; one column further they are not.
    let part = |cols: std::ops::Range<usize>, offset| Piece {
        row_stride: 5,
        ..Piece::dense(0, Region::Block { rows: 0..6, cols }, 0, offset)
    };
    assert!(Plan::new(&tensors(), &all, &layout(&[&[part(0..2, 0), part(2..4, 2)]])).is_ok());
    let bad = layout(&[&[part(0..2, 0), part(2..4, 4)]]);
    assert_eq!(Plan::new(&tensors(), &all, &bad).unwrap_err().kind(), ErrorKind::Argument);
    let bad = layout(&[&[Piece { row_stride: 3, ..part(0..4, 0) }]]);
    let text = "reshard: up: a row stride of 3 for rows of 4 (rank 0 of the destination)";
    refused(&all, &bad, ErrorKind::Argument, text);
}

#[test]
fn ranks_and_staging() {
    let (one, two) = (layout(&[&[flat(0, 0..24, 0, 0)]]), layout(&[&[], &[flat(0, 0..24, 0, 0)]]));
    refused(&one, &two, ErrorKind::Argument, "reshard: the source layout is of 1 ranks, the destination's of 2");
    let from = layout(&[&[flat(0, 0..24, 0, 0)], &[]]);
    let plan = Plan::new(&tensors(), &from, &two).unwrap();
    assert_eq!((plan.traffic(1).received, plan.traffic(7), plan.copies(7)), (24, Traffic::default(), 0));
    assert_eq!(plan.rounds(96, crate::DType::F32).unwrap(), 1);
    assert_eq!(plan.rounds(8, crate::DType::F32).unwrap(), 24);
    let error = plan.rounds(4, crate::DType::F32).unwrap_err();
    assert_eq!(error.to_string(), "reshard: staging for 1 elements; 2 ranks need at least 2");
}

#[test]
fn builders() {
    let tensors = tensors();
    let text = |e: crate::Result<Region>| e.unwrap_err().to_string();
    assert_eq!(text(tensors[0].region(Split::Rows { parts: 4, part: 0 })), "up: 6 rows do not divide into 4 equal parts");
    assert_eq!(text(tensors[0].region(Split::Cols { parts: 0, part: 0 })), "up: 4 columns do not divide into 0 equal parts");
    assert_eq!(text(tensors[0].region(Split::Rows { parts: 2, part: 2 })), "up: there is no part 2 of 2 parts of its 6 rows");
    let unit = FlatUnit::packed(&tensors, [0, 1], 8).unwrap();
    assert_eq!(unit, FlatUnit { tensors: vec![(0, 0), (1, 24)], len: 32 });
    assert!(FlatUnit::packed(&tensors, [2], 1).is_err());
    let shards = Layout::flat_shards(&tensors, std::slice::from_ref(&unit), 4).unwrap();
    assert_eq!(shards.ranks[0], [flat(0, 0..8, 0, 0)]);
    assert_eq!(shards.ranks[3], [flat(1, 0..4, 0, 0)]);
    let wrong = |unit: FlatUnit, world| Layout::flat_shards(&tensors, &[unit], world).unwrap_err().to_string();
    assert_eq!(wrong(unit.clone(), 3), "unit 0: 32 elements do not divide into 3 equal shards");
    assert_eq!(wrong(unit, 0), "unit 0: 32 elements do not divide into 0 equal shards");
    let short = FlatUnit { tensors: vec![(0, 8)], len: 30 };
    assert_eq!(wrong(short, 2), "up: its 24 elements from 8 on do not fit in unit 0, which has 30");
    assert!(Packer::new(&tensors).push(1, 0, Split::Whole).is_err(), "buffer 0 was left out");
}
