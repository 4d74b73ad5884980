//! The arguments that dispatch and combine share, with the limits of each version on each chip.
//!
//! Source: CANN's documentation of `aclnnMoeDistributeDispatch`, `...DispatchV2`, `...DispatchV3` and their combines.

use std::ffi::{CStr, c_char};

use ascend_rl_sys::types::*;

use super::domain::{find, name};
use super::window::{buffer_mib, check_fits};
use crate::hccl::joint::Domain;
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::reject::{Outcome, check, reject};
use crate::settings::settings;

/// As C gave them.
pub(super) struct Given {
    /// 1, 2 or 3.
    pub version: u32,
    pub group_ep: *const c_char,
    pub ep_size: i64,
    pub ep_rank: i64,
    pub experts: i64,
    pub group_tp: *const c_char,
    pub tp_size: i64,
    pub tp_rank: i64,
    pub shard_type: i64,
    pub shared: i64,
    pub shared_ranks: i64,
    pub global_bs: i64,
    pub algorithm: *const c_char,
    /// Zero, copy and constant experts.
    pub special: [i64; 3],
}

/// How tokens travel on a card: that decides limits and the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Mesh,
    /// "fullmesh_v2" of A3.
    DenseMesh,
    /// "hierarchy" of A2.
    Hierarchy,
}

/// Checked.
pub(super) struct Experts {
    name: &'static str,
    pub version: u32,
    pub a3: bool,
    pub ep: Domain,
    /// With this rank's number in it.
    pub tp: Option<(Domain, usize)>,
    pub algorithm: Algorithm,
    pub ranks: usize,
    pub rank: usize,
    pub experts: usize,
    pub shared: usize,
    pub shared_ranks: usize,
    pub special: [usize; 3],
    pub global_bs: usize,
    tp_size: i64,
}

/// The shape of a rank's tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tokens {
    pub count: usize,
    pub width: usize,
    pub choices: usize,
}

/// Which operator asks: their windows differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    Dispatch,
    Combine,
}

fn range(operator: &str, param: &str, value: i64, least: i64, most: i64) -> Outcome<usize> {
    check!(
        (least..=most).contains(&value),
        ACLNN_ERR_INNER_TILING_ERROR,
        "{operator}: {param} is {value}; {least} to {most} are taken"
    );
    Ok(value as usize)
}

/// The ranks of an expert group that a version takes on a chip, in words where it does not.
fn check_ranks(operator: &str, version: u32, a3: bool, algorithm: Algorithm, ranks: i64) -> Outcome {
    let taken: &[i64] = match (version, a3, algorithm) {
        (1, false, _) | (_, false, Algorithm::Hierarchy) => &[16, 32, 64],
        (_, false, _) => &[16, 32, 64, 128, 256],
        (1, true, _) => &[8, 16, 32, 64, 128, 144, 256, 288],
        (_, true, _) => return range(operator, "epWorldSize", ranks, 2, 768).map(drop),
    };
    check!(
        taken.contains(&ranks),
        ACLNN_ERR_INNER_TILING_ERROR,
        "{operator}: epWorldSize is {ranks}; {taken:?} are taken on Atlas {}",
        if a3 { "A3" } else { "A2" }
    );
    Ok(())
}

impl Experts {
    pub(super) fn read(name: &'static str, given: &Given) -> Outcome<Experts> {
        let a3 = settings()?.is_a3();
        let version = given.version;
        // Null comes before all values.
        let ep = find(name, "groupEp", given.group_ep)?;
        let algorithm = read_algorithm(name, version, a3, given.algorithm)?;
        check_ranks(name, version, a3, algorithm, given.ep_size)?;
        let ranks = given.ep_size as usize;
        check!(
            ep.size() == ranks,
            ACLNN_ERR_INNER_TILING_ERROR,
            "{name}: epWorldSize is {ranks}; the communicator of groupEp has {} ranks",
            ep.size()
        );
        let rank = range(name, "epRankId", given.ep_rank, 0, given.ep_size - 1)?;
        check!(
            ep.rank() == rank,
            ACLNN_ERR_INNER_TILING_ERROR,
            "{name}: epRankId is {rank}; the current device is rank {} of the communicator of groupEp",
            ep.rank()
        );
        let experts = range(name, "moeExpertNum", given.experts, 1, if a3 && version > 1 { 1024 } else { 512 })?;
        range(name, "expertShardType", given.shard_type, 0, 0)?;
        let most_shared = match (a3, version) {
            (false, _) => 0,
            (true, 1) => 1,
            (true, _) => 4,
        };
        let mut shared = range(name, "sharedExpertNum", given.shared, 0, most_shared)?;
        let shared_ranks = range(name, "sharedExpertRankNum", given.shared_ranks, 0, if a3 { given.ep_size - 1 } else { 0 })?;
        match shared_ranks {
            // One of no rank is the caller's own.
            0 if shared <= 1 => shared = 0,
            0 => reject!(
                ACLNN_ERR_INNER_TILING_ERROR,
                "{name}: sharedExpertNum is {shared} with a sharedExpertRankNum of 0; 0 and 1 are taken"
            ),
            _ if shared == 0 => reject!(
                ACLNN_ERR_INNER_TILING_ERROR,
                "{name}: sharedExpertRankNum is {shared_ranks} with a sharedExpertNum of 0; 0 is taken"
            ),
            _ if version == 1 => check!(
                ranks.is_multiple_of(shared_ranks),
                ACLNN_ERR_INNER_TILING_ERROR,
                "{name}: sharedExpertRankNum is {shared_ranks}; a divisor of epWorldSize, {ranks}, is needed"
            ),
            _ => check!(
                shared_ranks.is_multiple_of(shared),
                ACLNN_ERR_INNER_TILING_ERROR,
                "{name}: sharedExpertRankNum is {shared_ranks}; a multiple of sharedExpertNum, {shared}, is needed"
            ),
        }
        check!(
            experts.is_multiple_of(ranks - shared_ranks),
            ACLNN_ERR_INNER_TILING_ERROR,
            "{name}: moeExpertNum is {experts}; a multiple of epWorldSize - sharedExpertRankNum, {}, is needed",
            ranks - shared_ranks
        );
        let local = experts / (ranks - shared_ranks);
        check!(
            a3 || algorithm == Algorithm::Hierarchy || local <= 24,
            ACLNN_ERR_INNER_TILING_ERROR,
            "{name}: moeExpertNum is {experts}, {local} on each rank; up to 24 on each are taken"
        );
        let mut special = [0; 3];
        for ((param, value), to) in
            ["zeroExpertNum", "copyExpertNum", "constExpertNum"].into_iter().zip(given.special).zip(&mut special)
        {
            *to = range(name, param, value, 0, if a3 { i32::MAX as i64 - 1 } else { 0 })?;
        }
        let ids = experts + special.iter().sum::<usize>();
        check!(
            ids < i32::MAX as usize,
            ACLNN_ERR_INNER_TILING_ERROR,
            "{name}: moeExpertNum with zeroExpertNum, copyExpertNum and constExpertNum makes {ids}; less than {} is taken",
            i32::MAX
        );
        let tp = read_tp(name, a3, given, &ep, local)?;
        let global_bs = range(name, "globalBs", given.global_bs, 0, i64::from(i32::MAX))?;
        Ok(Experts {
            name,
            version,
            a3,
            ep,
            tp,
            algorithm,
            ranks,
            rank,
            experts,
            shared,
            shared_ranks,
            special,
            global_bs,
            tp_size: given.tp_size.max(1),
        })
    }

    pub(super) fn is_shared(&self) -> bool {
        self.rank < self.shared_ranks
    }

    /// Experts of a rank that is not shared.
    fn moe_local(&self) -> usize {
        self.experts / (self.ranks - self.shared_ranks)
    }

    /// Experts of this rank.
    pub(super) fn local(&self) -> usize {
        if self.is_shared() { 1 } else { self.moe_local() }
    }

    /// The numbers of `x` and `expertIds`, checked.
    pub(super) fn tokens(&self, x: (&'static str, &Tensor), ids: &Tensor, asks: Asks) -> Outcome<Tokens> {
        let name = self.name;
        check_dtype(name, x.0, x.1, &[ACL_BF16, ACL_FLOAT16])?;
        let [count, width] = self.matrix(x.0, x.1)?;
        let [rows, choices] = self.matrix("expertIds", ids)?;
        check_dtype(name, "expertIds", ids, &[ACL_INT32])?;
        check!(
            rows == count,
            ACLNN_ERR_INNER_TILING_ERROR,
            "{name}: expertIds has {rows} rows and {} {count}: they must be the same",
            x.0
        );
        let most = if self.a3 { 512 } else { 256 };
        range(name, &format!("the batch size Bs (dim 0 of {})", x.0), count as i64, 1, most)?;
        let h = format!("the hidden size H (dim 1 of {})", x.0);
        match (self.a3, self.version) {
            (true, 1) => range(name, &h, width as i64, 7168, 7168)?,
            (true, _) => range(name, &h, width as i64, 1024, 8192)?,
            (false, _) => {
                let most = if self.algorithm == Algorithm::Hierarchy && self.version > 1 { 10240 } else { 7168 };
                check!(
                    width.is_multiple_of(32),
                    ACLNN_ERR_INNER_TILING_ERROR,
                    "{name}: {h} is {width}; a multiple of 32 is needed"
                );
                range(name, &h, width as i64, 32, most)?
            }
        };
        let ids = self.experts + self.special.iter().sum::<usize>();
        let most = if self.a3 && self.version == 1 { 8 } else { 16 };
        range(name, "the top K (dim 1 of expertIds)", choices as i64, 1, most.min(ids as i64))?;
        let fits = self.global_bs == 0 || self.global_bs >= count * self.ranks && self.global_bs.is_multiple_of(self.ranks);
        check!(
            fits,
            ACLNN_ERR_INNER_TILING_ERROR,
            "{name}: globalBs is {}; 0, or the largest Bs of all ranks times epWorldSize ({} x {} at least) is taken",
            self.global_bs,
            count,
            self.ranks
        );
        let tokens = Tokens { count, width, choices };
        self.check_window(&tokens, asks)?;
        Ok(tokens)
    }

    /// The most tokens of any rank.
    pub(super) fn most(&self, tokens: &Tokens) -> usize {
        if self.global_bs == 0 { tokens.count } else { self.global_bs / self.ranks }
    }

    /// Most rows that this rank may receive: "A".
    pub(super) fn capacity(&self, tokens: &Tokens) -> usize {
        if self.is_shared() {
            return match self.version {
                1 => self.most(tokens) * self.ranks * self.shared / self.shared_ranks,
                _ => self.most(tokens) * self.ranks.div_ceil(self.shared_ranks / self.shared),
            };
        }
        self.most(tokens) * self.ranks * self.moe_local().min(tokens.choices)
    }

    /// Numbers of `epRecvCounts`: those that combine goes by, and room that the hierarchy needs beside them.
    pub(super) fn counts(&self, tokens: &Tokens) -> usize {
        let own = self.ranks * self.local() * self.tp_size as usize;
        match self.algorithm {
            Algorithm::Hierarchy => own + 2 * self.most(tokens) * self.ranks * tokens.choices * (self.ranks / 8),
            _ => own,
        }
    }

    pub(super) fn tp_size(&self) -> usize {
        self.tp_size as usize
    }

    fn check_window(&self, tokens: &Tokens, asks: Asks) -> Outcome {
        let [most, ranks, local, h, k] =
            [self.most(tokens), self.ranks, self.moe_local(), tokens.width, tokens.choices].map(|n| n as u64);
        let shared = self.shared as u64;
        let up = |n: u64, to: u64| n.div_ceil(to) * to;
        let needed = match (self.a3, self.version, self.algorithm) {
            (false, _, Algorithm::Hierarchy) => self.experts as u64 * most * (2 * h + 16 * up(k, 8)) + (104 << 20),
            (false, ..) => 2 * (most * ranks * local.min(k) * h * 2 + (2 << 20)),
            (true, 1, _) => 2 * (most * 2 * (h + 128) * (ranks * local + k + 1)) + (2 << 20),
            (true, _, algorithm) => {
                let row = up(2 * h, 32) + if asks == Asks::Dispatch { 64 } else { 44 };
                let row = if algorithm == Algorithm::DenseMesh { row.div_ceil(480) * 512 } else { up(row, 512) };
                2 * (local * most * ranks * row + (k + shared) * most * up(2 * h, 512))
            }
        };
        let why = format!(
            "maxBs = {most}, h = {h}, epWorldSize = {ranks}, localMoeExpertNum = {local}, sharedExpertNum = {shared}, k = {k}"
        );
        check_fits(self.name, needed, &why)
    }

    /// The dims of a tensor that has two.
    pub(super) fn matrix(&self, param: &str, t: &Tensor) -> Outcome<[usize; 2]> {
        let name = self.name;
        check!(t.rank() == 2, ACLNN_ERR_INNER_TILING_ERROR, "{name}: {param} is {}-D; 2-D is needed", t.rank());
        Ok([t.dims[0], t.dims[1]])
    }

    /// A dtype and a shape, the first dim of which may be larger than asked for.
    pub(super) fn at_least(&self, param: &str, t: &Tensor, dtype: aclDataType, dims: &[usize]) -> Outcome {
        check_dtype(self.name, param, t, &[dtype])?;
        let fits = t.rank() == dims.len() && t.dims[0] >= dims[0] && t.dims[1..] == dims[1..];
        check!(
            fits,
            ACLNN_ERR_INNER_TILING_ERROR,
            "{}: {param} has shape {:?}; {dims:?} is needed, or more in dim 0",
            self.name,
            t.dims
        );
        Ok(())
    }

    /// A dtype and a shape.
    pub(super) fn exactly(&self, param: &str, t: &Tensor, dtype: aclDataType, dims: &[usize]) -> Outcome {
        check_dtype(self.name, param, t, &[dtype])?;
        let (name, given) = (self.name, &*t.dims);
        check!(given == dims, ACLNN_ERR_INNER_TILING_ERROR, "{name}: {param} has shape {given:?}; {dims:?} is needed");
        Ok(())
    }

    /// The mask of tokens or, from the second version on A3, of choices.
    pub(super) fn mask(
        &self,
        call: &mut Call,
        param: &'static str,
        mask: *const aclTensor,
        tokens: &Tokens,
    ) -> Outcome<Option<Tensor>> {
        if self.version == 1 {
            call.absent(param, mask)?;
        }
        let Some(mask) = call.optional_input(param, mask)? else { return Ok(None) };
        let whole: &[usize] = &[tokens.count, tokens.choices];
        let dims = if self.a3 && mask.rank() == 2 { whole } else { &whole[..1] };
        self.exactly(param, &mask, ACL_BOOL, dims)?;
        let same = self.global_bs == 0 || self.global_bs == tokens.count * self.ranks;
        let name = self.name;
        check!(same, ACLNN_ERR_INNER_TILING_ERROR, "{name}: {param} is given with ranks of different batch sizes (globalBs)");
        check!(
            self.algorithm != Algorithm::DenseMesh,
            ACLNN_ERR_INNER_TILING_ERROR,
            "{name}: {param} is given with commAlg \"fullmesh_v2\"; null is taken"
        );
        Ok(Some(mask))
    }

    /// The numbers of [`super::layout::TERMS`].
    pub(super) fn terms(&self, tokens: &Tokens, dtype: aclDataType, quant_mode: i64) -> Outcome<Vec<i64>> {
        let alike = if self.global_bs == 0 { tokens.count } else { 0 };
        let [zero, copy, constant] = self.special;
        let numbers = [
            self.ranks,
            self.experts,
            self.shared,
            self.shared_ranks,
            self.tp_size as usize,
            self.global_bs,
            self.algorithm as usize,
            zero,
            copy,
            constant,
            tokens.width,
            tokens.choices,
            dtype.0 as usize,
            quant_mode as usize,
            alike,
            buffer_mib(self.name)? as usize,
        ];
        Ok(numbers.map(|n| n as i64).to_vec())
    }
}

/// `commAlg`, or on A2 without one the two variables of HCCL.
fn read_algorithm(operator: &str, version: u32, a3: bool, text: *const c_char) -> Outcome<Algorithm> {
    let text = if text.is_null() {
        String::new()
    } else {
        // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
        unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
    };
    let flag = |variable: &str, value: &str| std::env::var(variable).is_ok_and(|given| given == value);
    match (&*text, a3, version) {
        ("", true, _) | ("fullmesh_v1", true, 3) | ("fullmesh", false, 2 | 3) => Ok(Algorithm::Mesh),
        ("fullmesh_v2", true, 3) => Ok(Algorithm::DenseMesh),
        ("hierarchy", false, 2 | 3) => Ok(Algorithm::Hierarchy),
        ("", false, _) if flag("HCCL_INTRA_PCIE_ENABLE", "1") && flag("HCCL_INTRA_ROCE_ENABLE", "0") => Ok(Algorithm::Hierarchy),
        ("", false, _) => Ok(Algorithm::Mesh),
        _ => reject!(
            ACLNN_ERR_INNER_TILING_ERROR,
            "{operator}: commAlg is \"{text}\"; {} is taken",
            match (a3, version) {
                (false, _) => "null, \"\", \"fullmesh\" or \"hierarchy\"",
                (true, 3) => "\"\", \"fullmesh_v1\" or \"fullmesh_v2\"",
                (true, _) => "null",
            }
        ),
    }
}

/// The second communicator: two ranks that share the experts' rows, on A3.
fn read_tp(operator: &str, a3: bool, given: &Given, ep: &Domain, local: usize) -> Outcome<Option<(Domain, usize)>> {
    let tp_size = range(operator, "tpWorldSize", given.tp_size, 0, if a3 { 2 } else { 0 })?;
    let group = name(operator, "groupTp", given.group_tp)?;
    check!(a3 || group.is_empty(), ACL_ERROR_INVALID_PARAM, "{operator}: groupTp is \"{group}\"; Atlas A2 takes none");
    if tp_size < 2 {
        range(operator, "tpRankId", given.tp_rank, 0, 0)?;
        return Ok(None);
    }
    let tp = find(operator, "groupTp", given.group_tp)?;
    let rank = range(operator, "tpRankId", given.tp_rank, 0, 1)?;
    check!(
        !tp.is(ep),
        ACLNN_ERR_INNER_TILING_ERROR,
        "{operator}: groupTp is \"{group}\", which is groupEp too: two communicators are needed"
    );
    check!(
        tp.size() == 2 && tp.rank() == rank,
        ACLNN_ERR_INNER_TILING_ERROR,
        "{operator}: tpRankId is {rank} of a tpWorldSize of 2; the current device is rank {} of {} of the communicator of groupTp",
        tp.rank(),
        tp.size()
    );
    check!(
        local == 1,
        ACLNN_ERR_INNER_TILING_ERROR,
        "{operator}: tpWorldSize is 2 with {local} experts on each rank (moeExpertNum); 1 is taken"
    );
    Ok(Some((tp, rank)))
}
