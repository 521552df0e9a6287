//! The command line of ocipick.

fn main() {}
