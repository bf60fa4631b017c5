export const metadata = { title: "A consumer" };

/** @param {{ children: import("react").ReactNode }} parts */
export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
