// The numeric types of AssemblyScript, by which the sources in this folder compile with both compilers.
type i32 = number;
type f64 = number;
