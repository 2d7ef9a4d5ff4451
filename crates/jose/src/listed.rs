//! Enums that are listed as a whole. `oauth` has the same macro: neither crate knows the other.

/// Declares an enum together with `ALL`, so that no variant can be missing from the list.
macro_rules! listed_enum {
    ($(#[$of_type:meta])* pub enum $type:ident { $($(#[$of_variant:meta])* $variant:ident,)+ }) => {
        $(#[$of_type])*
        pub enum $type {
            $($(#[$of_variant])* $variant,)+
        }

        impl $type {
            /// Every value, in the order of declaration.
            pub const ALL: [Self; [$(stringify!($variant)),+].len()] = [$(Self::$variant),+];
        }
    };
}

pub(crate) use listed_enum;
