/** Where a data server answers: a statement to everybody with this word, the URL as UTF-8. Source: vitals-servers.md, rule VS-3. */
export const noticeWord = 'address';
