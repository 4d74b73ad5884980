//! Values as bytes: numbers in little endian, lists and texts behind their length.

/// Made to bytes and back. What was made by [`Code::put`] is taken by [`Code::take`]; anything else is `None` there.
pub(crate) trait Code: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(from: &mut &[u8]) -> Option<Self>;
}

macro_rules! numbers {
    ($($T:ty)*) => { $( impl Code for $T {
        fn put(&self, out: &mut Vec<u8>) {
            out.extend(self.to_le_bytes());
        }
        fn take(from: &mut &[u8]) -> Option<$T> {
            let (bytes, rest) = from.split_first_chunk()?;
            *from = rest;
            Some(<$T>::from_le_bytes(*bytes))
        }
    } )* };
}
numbers!(u8 u32 u64 i32);

macro_rules! tuples {
    ($($($T:ident)*;)*) => { $(
        #[allow(non_snake_case)] // A type's name is its value's.
        impl<$($T: Code),*> Code for ($($T,)*) {
            fn put(&self, out: &mut Vec<u8>) {
                let ($($T,)*) = self;
                $( $T.put(out); )*
            }
            fn take(from: &mut &[u8]) -> Option<Self> {
                Some(($($T::take(from)?,)*))
            }
        }
    )* };
}
tuples! { A B; A B C; A B C D; }

impl<T: Code> Code for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u32).put(out);
        self.iter().for_each(|value| value.put(out));
    }
    fn take(from: &mut &[u8]) -> Option<Vec<T>> {
        let length = u32::take(from)?;
        (0..length).map(|_| T::take(from)).collect()
    }
}

impl<T: Code> Code for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.is_some() as u8).put(out);
        self.iter().for_each(|value| value.put(out));
    }
    fn take(from: &mut &[u8]) -> Option<Option<T>> {
        match u8::take(from)? {
            0 => Some(None),
            1 => Some(Some(T::take(from)?)),
            _ => None,
        }
    }
}

impl Code for String {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u32).put(out);
        out.extend(self.as_bytes());
    }
    fn take(from: &mut &[u8]) -> Option<String> {
        let length = u32::take(from)? as usize;
        let (bytes, rest) = from.split_at_checked(length)?;
        *from = rest;
        String::from_utf8(bytes.to_vec()).ok()
    }
}

/// An enum of messages: a number each, and its fields in order.
macro_rules! messages {
    ($(#[$doc:meta])* $name:ident { $( $(#[$vdoc:meta])* $number:literal $variant:ident { $($field:ident: $T:ty),* $(,)? } )* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) enum $name { $( $(#[$vdoc])* $variant { $($field: $T),* } ),* }

        impl $crate::wire::Code for $name {
            fn put(&self, out: &mut Vec<u8>) {
                match self { $( $name::$variant { $($field),* } => {
                    $crate::wire::Code::put(&($number as u8), out);
                    $( $crate::wire::Code::put($field, out); )*
                } )* }
            }
            fn take(from: &mut &[u8]) -> Option<$name> {
                match <u8 as $crate::wire::Code>::take(from)? {
                    $( $number => Some($name::$variant { $($field: $crate::wire::Code::take(from)?),* }), )*
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use messages;

#[cfg(test)]
mod tests {
    use super::*;

    messages! {
        Test {
            1 Nothing {}
            2 Much { number: u64, text: String, list: Vec<(u32, Option<i32>)> }
        }
    }

    #[test]
    fn what_is_put_is_taken_and_nothing_else() {
        let much = Test::Much { number: 1 << 40, text: "två".into(), list: vec![(1, None), (2, Some(-3))] };
        for message in [Test::Nothing {}, much] {
            let mut bytes = Vec::new();
            message.put(&mut bytes);
            let mut rest = &bytes[..];
            assert_eq!((Test::take(&mut rest), rest.len()), (Some(message), 0));
            for cut in 0..bytes.len() {
                assert_eq!(Test::take(&mut &bytes[..cut]), None, "cut at {cut}");
            }
        }
        assert_eq!(Test::take(&mut &[9u8][..]), None);
        // A length that no message has must not be allocated.
        assert_eq!(<Vec<u64>>::take(&mut &[255u8; 4][..]), None);
    }
}
