/**
 * Buttons with `command="show-modal"` or `"close"` and `commandfor="id"` work by themselves in current browsers; older
 * ones get the same from here. A click on the backdrop closes, in all.
 */

const NATIVE = "commandForElement" in HTMLButtonElement.prototype;

export function watchDialogs() {
  document.addEventListener("click", (event) => {
    if (event.target instanceof HTMLDialogElement && event.target.open && isOutside(event, event.target)) {
      event.target.close();
    } else if (!NATIVE) {
      obey(event.target.closest?.("button[commandfor]"));
    }
  });
}

function obey(button) {
  const dialog = button && document.getElementById(button.getAttribute("commandfor"));
  if (!(dialog instanceof HTMLDialogElement)) return;
  if (button.getAttribute("command") === "close") dialog.close();
  else if (!dialog.open) dialog.showModal();
}

function isOutside(event, dialog) {
  const box = dialog.getBoundingClientRect();
  const { clientX: x, clientY: y, detail } = event;
  return detail > 0 && (x < box.left || x > box.right || y < box.top || y > box.bottom); // detail 0: a key, not a mouse
}
