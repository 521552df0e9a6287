//! How ocipick drives each container tool.
