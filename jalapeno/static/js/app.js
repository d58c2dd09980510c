/** What every page needs. Pages with more to do load a module of their own beside this one. */

import { watchDialogs } from "./dialogs.js";
import { watchFragments } from "./fragments.js";
import { watchMenus } from "./menus.js";

watchDialogs();
watchFragments();
watchMenus();
