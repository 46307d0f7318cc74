function agent(): string {
  return navigator.userAgent;
}

/** Whether the global object has something of that name. */
function has(name: string): boolean {
  return name in globalThis;
}

/** Which browser this is. For apps that ask: the SDK itself asks what the browser can do. */
export const Browser = {
  /** Internet Explorer. */
  isIE: (): boolean => "documentMode" in document,
  /** Firefox. */
  isFirefox: (): boolean => /Firefox\//.test(agent()),
  /** Google Chrome, or Chromium, on a computer or a phone. */
  isChrome: (): boolean => /Chrome\//.test(agent()) && /Google Inc/.test(navigator.vendor) && !/ OPR\//.test(agent()),
  /** The Edge that came before Chromium. */
  isEdge: (): boolean => /Edge\//.test(agent()),
  /** Opera. */
  isOpera: (): boolean => has("opr") || / OPR\//.test(agent()),
  /** Any browser on an iPhone or iPad. */
  isiOS: (): boolean => /iPad|iPhone|iPod/.test(agent()),
  /** Safari. */
  isSafari: (): boolean => /safari|applewebkit/i.test(agent()) && !/chrome|android/i.test(agent()),
  /** Any browser on Android. */
  isAndroid: (): boolean => /android/i.test(agent()),
  /** Safari that can make calls. */
  isSafariWebRTC: (): boolean => "mediaDevices" in navigator && Browser.isSafari(),
  /** Samsung's browser. */
  isSamsungBrowser: (): boolean => /SamsungBrowser/i.test(agent()),
  /** Firefox on Android. */
  isAndroidFirefox: (): boolean => Browser.isAndroid() && /Firefox/i.test(agent()),
  /** The Edge that is made of Chromium. */
  isChromiumEdge: (): boolean => /Chrome/i.test(agent()) && /Edg/i.test(agent()),
  /** The browser's version: its first number. */
  version: (): string => /(?:Version|OPR|Edg|Firefox|Chrome)\/(\d+)/.exec(agent())?.[1] ?? "",
};
