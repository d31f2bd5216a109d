/** The address of a file that the build puts beside the page's script. */
declare module "*.webp" {
  const address: string;
  export default address;
}
