//! What a C interface consists of.

use ascend_rl_sys::Lib;

/// A set of declarations, in the order of their source.
#[derive(Clone, Debug, Default)]
pub struct Abi {
    /// The functions.
    pub functions: Vec<Item<Function>>,
    /// The types.
    pub types: Vec<Item<Type>>,
    /// The constants, those of enums among them.
    pub values: Vec<Item<i128>>,
}

/// Something with a name.
#[derive(Clone, Debug)]
pub struct Item<T> {
    /// Its C name.
    pub name: String,
    /// What it is for; may be empty.
    pub doc: String,
    /// What it is.
    pub what: T,
}

/// A function's type, and where a function of ours comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Names and types of the arguments.
    pub params: Vec<(String, Ty)>,
    /// The result.
    pub result: Ty,
    /// For a row of our lists.
    pub origin: Option<Origin>,
}

/// What a row says about a function besides its type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Origin {
    /// The library that exports it.
    pub lib: Lib,
    /// The first release that has it.
    pub since: Release,
    /// Whether the library refuses to load without it.
    pub required: bool,
}

/// A release of CANN: major and minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(pub u32, pub u32);

impl Release {
    /// From "8.5", or a longer form that begins so.
    pub fn parse(text: &str) -> Option<Release> {
        let mut parts = text.split('.');
        Some(Release(parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    }
}

impl std::fmt::Display for Release {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// A type, as it is used.
#[derive(Clone, Debug, PartialEq)]
pub enum Ty {
    /// `void`.
    Void,
    /// `bool`.
    Bool,
    /// `char`, of either sign.
    Char,
    /// An integer.
    Int {
        /// Its size.
        bytes: u64,
        /// Whether it can be negative.
        signed: bool,
        /// Whether it is `size_t` or `ptrdiff_t`, which C spells apart.
        size: bool,
    },
    /// `float` or `double`, by size.
    Float(u64),
    /// A pointer.
    Pointer {
        /// Whether what it points to is `const`.
        constant: bool,
        /// What it points to.
        to: Box<Ty>,
    },
    /// An array in a struct.
    Array(Box<Ty>, u64),
    /// A pointer to a function.
    Callback(Box<Function>),
    /// A type by its name.
    Named(String),
}

/// A type, as it is defined.
#[derive(Clone, Debug)]
pub enum Type {
    /// Another name.
    Alias(Ty),
    /// An enum, by its values' names; the values stand in [`Abi::values`].
    Enum(Vec<String>),
    /// A struct.
    Struct(Vec<Field>),
    /// A union.
    Union(Vec<Field>),
    /// A struct of which only pointers are used.
    Opaque,
}

/// A member of a struct or union.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Ty,
    /// What it is for; may be empty.
    pub doc: String,
}

impl Abi {
    /// A function, by name.
    pub fn function(&self, name: &str) -> Option<&Item<Function>> {
        self.functions.iter().find(|item| item.name == name)
    }

    /// A type, by name.
    pub fn type_named(&self, name: &str) -> Option<&Item<Type>> {
        self.types.iter().find(|item| item.name == name)
    }

    /// A constant, by name.
    pub fn value(&self, name: &str) -> Option<i128> {
        self.values.iter().find(|item| item.name == name).map(|item| item.what)
    }

    /// What a type is when all other names of it are followed.
    pub fn resolved<'a>(&'a self, ty: &'a Ty) -> &'a Ty {
        let mut ty = ty;
        // A name for itself would be no C; the bound keeps a broken input from hanging.
        for _ in 0..32 {
            match ty {
                Ty::Named(name) => match self.type_named(name) {
                    Some(Item { what: Type::Alias(to), .. }) => ty = to,
                    _ => return ty,
                },
                _ => return ty,
            }
        }
        ty
    }

    /// The definition behind a named type, other names followed.
    pub fn definition<'a>(&'a self, ty: &'a Ty) -> Option<&'a Item<Type>> {
        match self.resolved(ty) {
            Ty::Named(name) => self.type_named(name),
            _ => None,
        }
    }
}
