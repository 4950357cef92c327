pub(crate) struct Point {
    pub(crate) idle: usize,
    pub(crate) poll: f64,
    pub(crate) epoll: f64,
}
pub(crate) fn draw(_f: &std::path::Path, _p: &[Point]) -> anyhow::Result<()> {
    Ok(())
}
