//! Where two sets of declarations differ.

use std::fmt;

use crate::apart::{Apart, apart};
use crate::layout::{offsets, size_align};
use crate::model::{Abi, Field, Function, Item, Release, Ty, Type};
use crate::spell::{declare, prototype};

/// One place where ours and theirs differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The function, type or constant.
    pub name: String,
    /// What it is here.
    pub ours: String,
    /// What it is there.
    pub theirs: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ours is {}, theirs is {}", self.name, self.ours, self.theirs)
    }
}

/// What came of a comparison.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Mistakes: a type, a value or an argument.
    pub differences: Vec<Difference>,
    /// What differs and may, with the reason.
    pub apart: Vec<(Difference, String)>,
    /// Functions, types and values of ours that no header of this release has.
    pub absent: Vec<String>,
    /// How many functions, types and values were found on both sides.
    pub compared: [usize; 3],
}

impl Report {
    /// All of it, a line each.
    pub fn text(&self) -> String {
        let different = self.differences.iter().map(|difference| format!("differs: {difference}\n"));
        let apart = self.apart.iter().map(|(difference, why)| format!("apart: {difference} ({why})\n"));
        let absent = self.absent.iter().map(|name| format!("in no header of this release: {name}\n"));
        different.chain(apart).chain(absent).collect()
    }

    /// How much was compared with a toolkit, and what came of it, on one line.
    pub fn summary(&self, toolkit: &str) -> String {
        let ([functions, types, values], found) = (self.compared, [self.differences.len(), self.apart.len(), self.absent.len()]);
        format!(
            "compared with {toolkit}: {functions} functions, {types} types and {values} values; {} differ, {} stand apart, {} are in \
             no header of this release",
            found[0], found[1], found[2]
        )
    }
}

/// Compares our declarations with those of a release, which is one of `between` (the first and the last that it may be).
pub fn compare(ours: &Abi, theirs: &Abi, between: (Release, Release)) -> Report {
    let mut pair = Pair { ours, theirs, report: Report::default() };
    for item in &ours.functions {
        pair.function(item, between);
    }
    for item in &ours.types {
        pair.defined(item);
    }
    for item in &ours.values {
        match theirs.value(&item.name) {
            None => match apart(&item.name) {
                Some(Apart::NoHeader(why)) => {
                    pair.report.apart.push((difference(&item.name, item.what, "in no header"), why.into()));
                }
                _ => pair.report.absent.push(item.name.clone()),
            },
            Some(value) => {
                pair.report.compared[2] += 1;
                if value != item.what {
                    pair.differs(&item.name, item.what, value);
                }
            }
        }
    }
    pair.report
}

/// Whether two types agree: not, but for `const`, or wholly.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Agreement {
    None,
    ButForConst,
    Whole,
}
use Agreement::{ButForConst, Whole};

struct Pair<'a> {
    ours: &'a Abi,
    theirs: &'a Abi,
    report: Report,
}

impl Pair<'_> {
    fn differs(&mut self, name: &str, ours: impl fmt::Display, theirs: impl fmt::Display) {
        self.report.differences.push(difference(name, ours, theirs));
    }

    fn function(&mut self, item: &Item<Function>, (first, last): (Release, Release)) {
        let (name, ours) = (&item.name, &item.what);
        let since = ours.origin.map(|origin| origin.since);
        let Some(found) = self.theirs.function(name) else {
            let missing = difference(name, prototype(name, ours), "declared in no header");
            match apart(name) {
                Some(Apart::Undeclared(from, why)) if from <= last => self.report.apart.push((missing, why.into())),
                _ if since.is_some_and(|since| since > first) => self.report.absent.push(name.clone()),
                _ => self.report.differences.push(missing),
            }
            return;
        };
        self.report.compared[0] += 1;
        if let Some(since) = since.filter(|since| *since > last) {
            self.differs(name, format!("since {since}"), format!("there in {last} already"));
        }
        let spelled = |function| prototype(name, function);
        match self.functions_agree(ours, &found.what) {
            Whole => {}
            ButForConst => self.report.apart.push((
                difference(name, spelled(ours), spelled(&found.what)),
                "`const` of what a pointer points to has no effect on a call".into(),
            )),
            Agreement::None => self.differs(name, spelled(ours), spelled(&found.what)),
        }
    }

    fn defined(&mut self, item: &Item<Type>) {
        let (name, named) = (&item.name, Ty::Named(item.name.clone()));
        if self.theirs.type_named(name).is_none() {
            return self.report.absent.push(name.clone());
        }
        self.report.compared[1] += 1;
        let found = self.theirs.definition(&named).map(|found| &found.what);
        match (&item.what, found) {
            (Type::Struct(ours), Some(Type::Struct(theirs))) => self.members(name, ours, theirs),
            (Type::Union(ours), Some(Type::Union(theirs))) => self.members(name, ours, theirs),
            (Type::Opaque, Some(Type::Opaque | Type::Struct(_))) | (Type::Enum(_), Some(Type::Enum(_))) => {}
            (Type::Alias(ours), _) => {
                if self.agree(ours, self.theirs.resolved(&named)) == Agreement::None {
                    self.differs(name, declare(ours, ""), self.describe(&named));
                }
            }
            (ours, _) => self.differs(name, kind(ours), self.describe(&named)),
        }
    }

    /// In words, what a type of theirs is.
    fn describe(&self, named: &Ty) -> String {
        match self.theirs.definition(named) {
            Some(found) => kind(&found.what).into(),
            None => declare(self.theirs.resolved(named), ""),
        }
    }

    fn members(&mut self, name: &str, ours: &[Field], theirs: &[Field]) {
        let versioned = match apart(name) {
            Some(Apart::Versioned(why)) => Some(why),
            _ => None,
        };
        let (our_places, their_places) = (places(self.ours, name, ours), places(self.theirs, name, theirs));
        let (Some(our_places), Some(their_places)) = (our_places, their_places) else {
            return self.differs(name, "a struct with a layout", "not one, or a member has no size");
        };
        let size = |abi, fields: &[Field]| {
            let bytes = size_align(abi, &Ty::Named(name.into())).map_or(0, |(size, _)| size);
            format!("{bytes} bytes in {} members", fields.len())
        };
        let (our_size, their_size) = (size(self.ours, ours), size(self.theirs, theirs));
        if our_size != their_size {
            match versioned {
                Some(why) => self.report.apart.push((difference(name, our_size, their_size), why.into())),
                None => self.differs(name, our_size, their_size),
            }
        }
        for (ours, our_place) in ours.iter().zip(our_places) {
            let full = format!("{name}.{}", ours.name);
            let found = theirs.iter().zip(&their_places).find(|(theirs, _)| plain(&theirs.name) == plain(&ours.name));
            let Some((theirs, their_place)) = found else {
                if versioned.is_none() {
                    self.differs(&full, declare(&ours.ty, ""), "no member");
                }
                continue;
            };
            let differ = our_place != *their_place || self.agree(&ours.ty, &theirs.ty) == Agreement::None;
            // The word `reserved` is a header of 24 bytes there, and one of its members here.
            let spelled_out = versioned.is_some() && ours.name == "reserved";
            if differ && !spelled_out {
                let at = |ty, place| format!("{} at {place}", declare(ty, ""));
                self.differs(&full, at(&ours.ty, our_place), at(&theirs.ty, *their_place));
            }
        }
    }

    fn functions_agree(&self, ours: &Function, theirs: &Function) -> Agreement {
        if ours.params.len() != theirs.params.len() {
            return Agreement::None;
        }
        let params = ours.params.iter().zip(&theirs.params).map(|((_, ours), (_, theirs))| self.agree(ours, theirs));
        params.chain([self.agree(&ours.result, &theirs.result)]).min().unwrap_or(Whole)
    }

    fn agree(&self, ours: &Ty, theirs: &Ty) -> Agreement {
        if let (Ty::Named(our_name), Ty::Named(their_name)) = (ours, theirs) {
            // What a name stands for is compared once, where it is defined.
            if our_name == their_name {
                return Whole;
            }
        }
        let is_enum = |abi: &Abi, ty| matches!(abi.definition(ty), Some(Item { what: Type::Enum(_), .. }));
        let when = |yes| if yes { Whole } else { Agreement::None };
        match (self.ours.resolved(ours), self.theirs.resolved(theirs)) {
            (Ty::Pointer { constant: a, to: ours }, Ty::Pointer { constant: b, to: theirs }) => {
                self.agree(ours, theirs).min(if a == b { Whole } else { ButForConst })
            }
            (Ty::Array(ours, n), Ty::Array(theirs, m)) if n == m => self.agree(ours, theirs),
            (Ty::Callback(ours), Ty::Callback(theirs)) => self.functions_agree(ours, theirs),
            // An enum is an `int` to a call; some are plain integers on one side.
            (ours, Ty::Int { bytes: 4, .. }) if is_enum(self.ours, ours) => Whole,
            (Ty::Int { bytes: 4, .. }, theirs) if is_enum(self.theirs, theirs) => Whole,
            (Ty::Int { bytes: a, signed: s, .. }, Ty::Int { bytes: b, signed: t, .. }) => when(a == b && s == t),
            // `char` has no sign of its own.
            (Ty::Char, Ty::Int { bytes: 1, .. }) | (Ty::Int { bytes: 1, .. }, Ty::Char) => Whole,
            (ours, theirs) => when(ours == theirs),
        }
    }
}

/// Where the members of a struct or a union are.
fn places(abi: &Abi, name: &str, fields: &[Field]) -> Option<Vec<u64>> {
    match abi.definition(&Ty::Named(name.into())).map(|item| &item.what) {
        Some(Type::Union(_)) => Some(vec![0; fields.len()]),
        _ => offsets(abi, fields),
    }
}

fn difference(name: &str, ours: impl fmt::Display, theirs: impl fmt::Display) -> Difference {
    Difference { name: name.into(), ours: format!("`{ours}`"), theirs: format!("`{theirs}`") }
}

fn kind(what: &Type) -> &'static str {
    match what {
        Type::Alias(_) => "another name",
        Type::Enum(_) => "an enum",
        Type::Struct(_) => "a struct",
        Type::Union(_) => "a union",
        Type::Opaque => "an opaque struct",
    }
}

/// A member's name without what Rust needs for its own words.
fn plain(name: &str) -> &str {
    name.trim_start_matches("r#").trim_end_matches('_')
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
