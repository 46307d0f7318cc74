//! The two codebooks of the gains, §3.9: numbers of the Recommendation, in the order of the transmitted indices.
//! Each row has the adaptive codebook's gain × 2^14 and the correction of the fixed codebook's × 2^13.

/// The first codebook, GA.
pub(crate) static FIRST: [[i16; 2]; 8] =
    [[3242, 9949], [1551, 2425], [2678, 27162], [1921, 9291], [1831, 5022], [1, 1516], [356, 14756], [57, 5404]];

/// The second codebook, GB.
pub(crate) static SECOND: [[i16; 2]; 16] = [
    [5142, 592],
    [17299, 1861],
    [6160, 2395],
    [16112, 3392],
    [826, 2005],
    [18973, 5935],
    [1994, 0],
    [15434, 237],
    [10573, 2966],
    [15132, 4914],
    [11569, 1196],
    [14194, 1630],
    [8091, 4861],
    [15161, 14276],
    [9120, 525],
    [13260, 3256],
];
