/** A site of files, that any web server can serve. */
export default { output: "export" };
